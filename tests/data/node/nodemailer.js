// The transport is made by what the page on frameworks says.
transport
  .sendMail({
    from: '"Shop" <shop@customer.test>',
    to: '"Jané" <jane-nodemailer@example.test>',
    subject: "Votre commande à 10 €",
    text: "Bonjour",
    html: "<p>Bonjour</p>",
    attachments: [{ filename: "facture é.pdf", content: Buffer.from("%PDF-1.7 bill \xff\x00", "latin1") }],
    headers: { "X-Estafette-Tag": "orders" },
  })
  .then((told) => console.log(JSON.stringify(told)));
