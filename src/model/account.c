#include "model/account.h"

const char *api_key_status_word(enum api_key_status status)
{
    switch (status) {
    case API_KEY_ACTIVE: return "active";
    case API_KEY_GRACE: return "grace";
    case API_KEY_REVOKED: return "revoked";
    case API_KEY_EXPIRED: return "expired";
    }
    check(false);
    return "";
}

const char *api_key_source_word(enum api_key_source source)
{
    switch (source) {
    case API_KEY_BY_COMMAND: return "command_line";
    case API_KEY_CREATED: return "created";
    case API_KEY_ROTATED: return "rotated";
    case API_KEY_SOURCES: break;
    }
    check(false);
    return "";
}

static bool has_space_or_control(struct text written)
{
    for (size_t i = 0; i < written.length; i++)
        if ((unsigned char)written.at[i] <= ' ' || written.at[i] == 0x7f)
            return true;
    return false;
}

/* The spaces and invisible characters past ASCII that a mail address is never meant to have, in
 * UTF-8: C1 controls, U+00A0, U+2000 to U+200F, U+2028 to U+202F, U+3000, U+FEFF. */
static bool has_unicode_space(struct text written)
{
    for (size_t i = 0; i + 1 < written.length; i++) {
        const unsigned char *at = (const unsigned char *)written.at + i;
        if (at[0] == 0xc2 && at[1] <= 0xa0)
            return true;
        if (i + 2 >= written.length)
            continue;
        if (at[0] == 0xe2 && at[1] == 0x80 &&
            (at[2] <= 0x8f || (at[2] >= 0xa8 && at[2] <= 0xaf)))
            return true;
        if ((at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80) ||
            (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf))
            return true;
    }
    return false;
}

bool account_email_is_valid(struct text email)
{
    if (email.length > ACCOUNT_EMAIL_BYTES_MAX || has_space_or_control(email) ||
        !text_is_utf8(email) || has_unicode_space(email))
        return false;
    struct text domain = email;
    struct text local = text_cut(&domain, '@');
    return local.length > 0 && domain.length > 0 && text_find(domain, '@') == domain.length;
}

struct text account_email_fold(struct text email, char *folded)
{
    for (size_t i = 0; i < email.length; i++) {
        char byte = email.at[i];
        folded[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    return (struct text){folded, email.length};
}
