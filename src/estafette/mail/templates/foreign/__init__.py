"""Template languages of other services, put into ours when a text is saved or sent; what we lack is refused by name.

``translate`` of ``mailjet``, ``brevo`` and ``postmark`` takes a source and the name of its part; it returns a source in
our dialect, which still passes ``dialect.examine``. Pure, bounded in depth and length, TemplateFault alone.
"""
