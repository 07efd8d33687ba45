"""Reading what comes back: reports of delivery in every form seen in the wild, automatic answers. Pure and bounded."""
