# Runs before every user's own script: the mail store's rules for all.
require ["fileinto", "mailbox", "envelope", "subaddress", "variables"];

# What a filter on the way marked as spam goes to Junk.
if header :contains "X-Spam" "Yes" {
    fileinto :create "Junk";
    stop;
}

# bia+news@dest.test goes to bia's folder "news" (RFC 5233).
if envelope :matches :detail "to" "?*" {
    fileinto :create "${0}";
    stop;
}
