"""What mail programs are told, and what they ask with: Thunderbird's, Outlook's and Apple's forms."""
