"""Every number of the simulation, with its source.

"facts" is the collection of measurements on which Estafette's rules stand: screens-and-measurement, section 3.1; what
it cites is named behind it. What nobody measured is marked as an assumption.
"""

from __future__ import annotations

# --- Apple Mail Privacy Protection -----------------------------------------------------------------------------------
#: Facts: the User-Agent is the bare ``Mozilla/5.0`` (postmarkapp.com article 1257, mailgun.com bot-detection).
APPLE_AGENT = "Mozilla/5.0"
#: Facts: all images, whether or not the mail is read, often on Wi-Fi and power. That 2 % never are: an assumption.
APPLE_PREFETCHES = 0.98
#: Facts: "often on Wi-Fi + power", so hours later. Median and spread (of the logarithm): assumptions.
APPLE_DELAY = (2.5 * 3600, 1.1)

# --- Gmail's image proxy ---------------------------------------------------------------------------------------------
#: Facts name the proxy; the text is what it has sent since 2013 (wordtothewise.com, 2013-12).
GMAIL_AGENT = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
#: Facts: sources disagree whether images are fetched at delivery. How often, and within how many seconds: assumptions.
GMAIL_AT_DELIVERY = 0.05
GMAIL_AT_DELIVERY_SECONDS = (0.4, 4.5)

# --- Yahoo's image proxy: the agent is what its help page SLN28749 tells; that it loads when read, an assumption -----
YAHOO_AGENT = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"

# --- Security gateways -----------------------------------------------------------------------------------------------
#: Facts: the pixel a median 9 s after send (craft-campaign#546); send = the 250 (warmbly PR#438). Spread: an assumption.
GATEWAY_PIXEL = (9.0, 0.7)
#: Facts: links a median 43 s after send; 0.5 % within 10 s, 2.6 % within 20 s, 31 % after a minute (craft-campaign#546).
#: Pairs (share, seconds) between which the logarithm of time runs straight. First and last: assumptions.
GATEWAY_LINKS = ((0.0, 6.0), (0.005, 10.0), (0.026, 20.0), (0.5, 43.0), (0.69, 60.0), (0.97, 240.0), (1.0, 900.0))
#: Facts: 9 to 10 links within one second. The shortest span: an assumption.
GATEWAY_MOST_LINKS = 10
GATEWAY_SPAN = (0.2, 1.0)
#: Assumptions: how many mails a gateway looks at, does it fetch the pixel, ask with HEAD, spread over its addresses.
GATEWAY_LOOKS = 0.85
GATEWAY_FETCHES_PIXEL = 0.7
GATEWAY_HEAD = 0.1
GATEWAY_SPREADS = 0.3
GATEWAY_ADDRESSES = 24
#: Facts: Safe Links redirects, and a Microsoft address on a click is a scan (warmbly PR#412). How often the target is
#: looked at again when the person clicks, and after how many seconds: assumptions.
RECHECK = 0.1
RECHECK_SECONDS = (0.3, 4.0)
#: Assumption: seconds after which a patient scanner of a mail with one link looks.
PATIENT = (180.0, 1500.0)

# --- Previews of chat programs: that 2 % of clickers pass a link on is an assumption ---------------------------------
SHARED = 0.02
#: What these programs say of themselves in their documentation (Slack, Meta, X, Telegram, Discord).
CHAT_AGENTS = (
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
)

# --- People: assumptions all, for the facts are silent on time ---------------------------------------------------------
#: Median seconds from delivery to reading, and spread of the logarithm.
READS = (2.0 * 3600, 1.7)
#: From reading to the click, and from one click to the next.
CLICKS = (25.0, 0.9)
NEXT_CLICK = (20.0, 0.8)
#: Of those who click: how many click 1, 2, 3, 4 links.
LINKS_CLICKED = (0.74, 0.17, 0.06, 0.03)
#: Opens a second link in a new tab, at once.
TABS = 0.005
READS_AGAIN = 0.2
CLICKS_AGAIN = 0.1
SECOND_DEVICE = 0.15
#: Who reads in Apple Mail reads it in a browser too, where it is seen.
ELSEWHERE = 0.1
#: A browser fetches a link ahead (``Sec-Purpose: prefetch``) while its mail is read.
FETCHED_AHEAD = 0.01
#: Of mobile clicks, from one of so many addresses of an operator, shared by its customers.
MOBILE = 0.35
MOBILE_ADDRESSES = 4_000

# --- Mail programs ---------------------------------------------------------------------------------------------------
#: Facts: text-only and blocked images are never measurable (postmarkapp.com). How many: assumptions, by program.
BLOCKED = {"gmail": 0.04, "outlook_web": 0.1, "outlook": 0.35, "thunderbird": 0.6, "yahoo": 0.08, "browser": 0.15}

# --- Providers -------------------------------------------------------------------------------------------------------
#: How much of the other mail is read in Apple Mail. Facts: 49 to 58 % of opens, Litmus 2025.
APPLE_SHARE = 0.5
#: name: (site, share of recipients, reading factor, scans, programs other than Apple Mail with weights, domains).
#: Facts name the gateways; shares, and that readers differ by provider, are assumptions of a business list.
#: A site is what an MTA knows: the provider's name, or the MX hosts.
PROVIDERS: dict[str, tuple[str, float, float, bool, dict[str, float], tuple[str, ...]]] = {
    "gmail": ("google", 0.26, 1.0, False, {"gmail": 1.0}, ("gmail.com",)),
    "workspace": ("google", 0.12, 1.1, False, {"gmail": 0.9, "thunderbird": 0.1}, ()),
    "outlook": ("outlook", 0.10, 0.85, False, {"outlook_web": 0.9, "outlook": 0.1}, ("outlook.com", "hotmail.com")),
    "yahoo": ("yahoo", 0.05, 0.8, False, {"yahoo": 1.0}, ("yahoo.com", "yahoo.fr")),
    "icloud": ("apple", 0.05, 1.0, False, {"browser": 1.0}, ("icloud.com", "me.com")),
    "orange": ("orange", 0.05, 0.9, False, {"browser": 0.8, "thunderbird": 0.2}, ("orange.fr", "wanadoo.fr")),
    "defender": ("microsoft365", 0.13, 1.1, True, {"outlook": 0.6, "outlook_web": 0.4}, ()),
    "exchange": ("microsoft365", 0.05, 1.1, False, {"outlook": 0.6, "outlook_web": 0.4}, ()),
    "proofpoint": ("mx0a-{n}.pphosted.com,mx0b-{n}.pphosted.com", 0.05, 1.1, True, {"outlook": 1.0}, ()),
    "mimecast": ("eu-smtp-inbound-1.mimecast.com", 0.03, 1.1, True, {"outlook": 1.0}, ()),
    "barracuda": ("barracuda", 0.03, 1.0, True, {"outlook": 0.8, "thunderbird": 0.2}, ()),
    "cisco": ("mx1.{n}.iphmx.com,mx2.{n}.iphmx.com", 0.02, 1.0, True, {"outlook": 1.0}, ()),
    "appliance": ("mail.company-{n}.example", 0.02, 1.0, True, {"outlook": 0.5, "thunderbird": 0.5}, ()),
    "own": ("mx.company-{n}.example", 0.04, 1.0, False, {"thunderbird": 0.6, "outlook": 0.4}, ()),
}
#: Recipients of one company, at most (an assumption).
COMPANY = 9
