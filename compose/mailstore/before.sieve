# Runs before every user's own script: the mail store's rules for all.
require ["fileinto", "mailbox", "envelope", "subaddress", "variables", "mime", "foreverypart", "extracttext", "enotify",
    "vnd.dovecot.debug"];

# What a delivery status notification says of each recipient (RFC 3464 2.3) goes into the log, on one line: of a notice of
# success Postfix's own log does not tell whether the mail was delivered, relayed or expanded.
if header :mime :contenttype "Content-Type" "multipart/report" {
    foreverypart {
        if header :mime :contenttype "Content-Type" "message/delivery-status" {
            extracttext "status";
            set :encodeurl "status" "${status}";
            debug_log "delivery-status ${status}";
        }
    }
}

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
