"""Who reads a mailing and what only looks as if it did: people, prefetchers, image proxies, scanners, chat previews.

A program of its own, which knows nothing of Estafette: it imports nothing of it, and was committed before the
classifier that is judged by it. ``figures`` holds every number, with its source or called an assumption; where the facts
are silent, what is assumed is this:

- people read within hours and click within a minute of reading; who reads and who clicks does not depend on the mail
  program (readers behind a prefetcher are like other readers of the same provider);
- clicking does not depend on whether images are shown;
- a gateway looks at a mail once, from one address of a small pool, or from several of them;
- a gateway fetches every link, whichever there are: of a mail with one link it opens that one alone, and a *patient* one
  does so from an address seen nowhere else. Nothing in such a hit tells it from a person whose images are blocked.

**Seeds.** 1 to 20 are for looking and tuning; 1001 to 1100 are for judging and were not looked at while the rules and
their thresholds were chosen.

``week`` plants a week of letters, refusals, reports and complaints instead; ``tests/integration/test_week.py`` plays it.
"""
