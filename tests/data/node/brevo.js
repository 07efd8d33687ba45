const { BrevoClient, BrevoError } = require("@getbrevo/brevo");

const { HOST, KEY } = process.env;
const baseUrl = `https://${HOST}/brevo/v3`;
const letter = {
  sender: { email: "shop@customer.test", name: "Shop" },
  to: [{ email: "jane-brevo@example.test", name: "Jané" }],
  templateId: 1805,
  params: { name: "Jané" },
  tags: ["orders", "spring"],
  attachment: [
    { name: "facture é.pdf", content: Buffer.from("%PDF-1.7 bill \xff\x00", "latin1").toString("base64") },
  ],
};

async function refused() {
  try {
    await new BrevoClient({ apiKey: "wrong", baseUrl }).transactionalEmails.sendTransacEmail(letter);
  } catch (error) {
    return error instanceof BrevoError && error.statusCode;
  }
}

async function main() {
  const sent = await new BrevoClient({ apiKey: KEY, baseUrl }).transactionalEmails.sendTransacEmail(letter);
  return { messageId: sent.messageId, refused: await refused() };
}

main().then((told) => console.log(JSON.stringify(told)));
