const Mailjet = require("node-mailjet");

const { HOST, USERNAME, PASSWORD } = process.env;
const mailjet = new Mailjet({ apiKey: USERNAME, apiSecret: PASSWORD, config: { host: `${HOST}/mailjet` } });

async function main() {
  const sent = await mailjet.post("send", { version: "v3.1" }).request({
    Messages: [
      {
        From: { Email: "shop@customer.test", Name: "Shop" },
        To: [{ Email: "jane-mailjet@example.test", Name: "Jané" }],
        TemplateID: 1804,
        TemplateLanguage: true,
        Variables: { name: "Jané" },
        CustomCampaign: "spring",
        CustomID: "order-17",
        Attachments: [
          {
            ContentType: "application/pdf",
            Filename: "facture é.pdf",
            Base64Content: Buffer.from("%PDF-1.7 bill \xff\x00", "latin1").toString("base64"),
          },
        ],
      },
    ],
  });
  const number = sent.body.Messages[0].To[0].MessageID.toString();
  const found = await mailjet.get("message").id(number).request();
  return { status: sent.body.Messages[0].Status, number, found: found.body.Data };
}

main().then((told) => console.log(JSON.stringify(told)));
