#include "console/page.h"

#define FORM_COOKIE "__Host-form"
#define FORM_COOKIE_INSECURE "form"

static void attribute(struct page *page, const char *name, struct text value)
{
    html_attribute(&page->html, text_of(name), value);
}

/* ---- The proof ---- */

static struct text cookie_name(const struct call *call)
{
    return call->pipeline->has_insecure_cookie ? TEXT(FORM_COOKIE_INSECURE) : TEXT(FORM_COOKIE);
}

/* What the proof goes with: the session, or a cookie of its own where nobody is signed in. */
static struct text secret_of(struct call *call)
{
    if (call_find_session(call) == STATUS_OK)
        return session_cookie_read(call);
    struct text written = cookie_read(call->request, cookie_name(call));
    return session_token_is_well_formed(written) ? written : (struct text){0};
}

static void cookie_set(struct page *page, const struct session_token *token)
{
    buffer_append(&page->headers, TEXT("Set-Cookie: "));
    buffer_append(&page->headers, cookie_name(page->call));
    buffer_append_byte(&page->headers, '=');
    buffer_append(&page->headers, text_of(token->characters));
    buffer_append(&page->headers, TEXT("; Path=/; HttpOnly; SameSite=Lax"));
    if (!page->call->pipeline->has_insecure_cookie)
        buffer_append(&page->headers, TEXT("; Secure"));
    buffer_append(&page->headers, TEXT("\r\n"));
}

static struct csrf_token proof_make(struct page *page)
{
    struct text secret = secret_of(page->call);
    if (secret.length > 0)
        return csrf_token_of(secret);
    struct session_token made = session_token_make();
    struct csrf_token token = csrf_token_of(text_of(made.characters));
    cookie_set(page, &made);
    explicit_bzero(&made, sizeof(made));
    return token;
}

/* ---- Writing ---- */

void form_open(struct page *page, struct text action)
{
    struct csrf_token token = proof_make(page);
    html_open(&page->html, HTML_FORM);
    attribute(page, "method", TEXT("post"));
    attribute(page, "action", action);
    form_hidden(page, TEXT("csrf"), (struct text){token.characters, CSRF_LENGTH});
}

void form_hidden(struct page *page, struct text name, struct text value)
{
    html_open(&page->html, HTML_INPUT);
    attribute(page, "type", TEXT("hidden"));
    attribute(page, "name", name);
    attribute(page, "value", value);
}

static void described_text(struct page *page, struct text id, const char *class,
                           struct text words)
{
    html_open(&page->html, HTML_P);
    attribute(page, "id", id);
    attribute(page, "class", text_of(class));
    html_text(&page->html, words);
    html_close(&page->html, HTML_P);
}

/* The ids of a field's hint and fault. */
struct ids {
    char room[2][64];
    struct buffer hint, fault;
};

static void ids_make(struct ids *ids, const struct form_field *field)
{
    buffer_init_on(&ids->hint, ids->room[0], sizeof(ids->room[0]));
    buffer_init_on(&ids->fault, ids->room[1], sizeof(ids->room[1]));
    buffer_append_format(&ids->hint, "%s-hint", field->name);
    buffer_append_format(&ids->fault, "%s-fault", field->name);
    check(!ids->hint.overflowed && !ids->fault.overflowed);
}

static void description_attribute(struct page *page, const struct form_field *field,
                                  const struct ids *ids)
{
    char room[160];
    struct buffer described;
    buffer_init_on(&described, room, sizeof(room));
    if (field->fault.length > 0)
        buffer_append(&described, buffer_text(&ids->fault));
    if (field->fault.length > 0 && field->hint)
        buffer_append_byte(&described, ' ');
    if (field->hint)
        buffer_append(&described, buffer_text(&ids->hint));
    check(!described.overflowed);
    if (described.length > 0)
        attribute(page, "aria-describedby", buffer_text(&described));
}

void form_field(struct page *page, const struct form_field *field)
{
    struct html_writer *html = &page->html;
    struct ids ids;
    ids_make(&ids, field);
    html_open(html, HTML_DIV);
    attribute(page, "class", TEXT("field"));
    html_open(html, HTML_LABEL);
    attribute(page, "for", text_of(field->name));
    html_text(html, text_of(field->label));
    html_close(html, HTML_LABEL);
    if (field->hint)
        described_text(page, buffer_text(&ids.hint), "hint", text_of(field->hint));
    html_open(html, HTML_INPUT);
    attribute(page, "id", text_of(field->name));
    attribute(page, "name", text_of(field->name));
    attribute(page, "type", text_of(field->type));
    attribute(page, "autocomplete", text_of(field->autocomplete));
    if (field->value.length > 0)
        attribute(page, "value", field->value);
    description_attribute(page, field, &ids);
    if (field->fault.length > 0)
        attribute(page, "aria-invalid", TEXT("true"));
    html_flag(html, field->is_fixed ? TEXT("readonly") : TEXT("required"));
    if (field->fault.length > 0)
        described_text(page, buffer_text(&ids.fault), "fault", field->fault);
    html_close(html, HTML_DIV);
}

void form_close(struct page *page, struct text button)
{
    html_open(&page->html, HTML_P);
    html_open(&page->html, HTML_BUTTON);
    attribute(page, "type", TEXT("submit"));
    html_text(&page->html, button);
    html_close(&page->html, HTML_BUTTON);
    html_close(&page->html, HTML_P);
    html_close(&page->html, HTML_FORM);
}

/* ---- Reading ---- */

struct text form_value(const struct query *form, const char *name)
{
    struct text found = {0};
    size_t count = 0;
    for (size_t i = 0; i < form->count; i++)
        if (text_equals(form->pairs[i].name, text_of(name)) &&
            form->pairs[i].fault == QUERY_FINE) {
            found = form->pairs[i].value;
            count++;
        }
    return count == 1 ? found : (struct text){0};
}

static bool is_form(const struct http_request *request)
{
    struct text type = http_request_field(request, TEXT("Content-Type"));
    return text_equals_ignoring_case(text_trim(text_cut(&type, ';')),
                                     TEXT("application/x-www-form-urlencoded"));
}

bool form_read(struct call *call, struct query *form)
{
    struct arena *arena = http_exchange_arena(call->exchange);
    if (!is_form(call->request)) {
        page_say(call, 415, TEXT("No form"), TEXT("This page takes forms of its own only."));
        return false;
    }
    if (query_read(call->request->body, arena, form) != STATUS_OK) {
        page_say(call, 400, TEXT("Too long"), TEXT("The form is too long."));
        return false;
    }
    if (csrf_is_proved(call, secret_of(call), form_value(form, "csrf")))
        return true;
    page_say(call, 403, TEXT("Open the form again"),
             TEXT("This form was not sent by a page of ours, or by one that was opened before "
                  "you signed in or out. Nothing was changed; open the page again."));
    return false;
}

/* Browsers take "/.." for the folder above, also where its points are written as %2e. */
static bool leaves_console(struct text path)
{
    for (size_t i = 0; i < path.length && path.at[i] != '?' && path.at[i] != '#'; i++) {
        struct text rest = text_slice(path, i, path.length);
        if (text_starts_with(rest, TEXT("/.")) || text_starts_with(rest, TEXT("/%2e")) ||
            text_starts_with(rest, TEXT("/%2E")))
            return true;
    }
    return false;
}

struct text form_next(struct text asked)
{
    if (!text_starts_with(asked, TEXT(CONSOLE_PATH)) || leaves_console(asked))
        return TEXT(CONSOLE_PATH);
    for (size_t i = 0; i < asked.length; i++)
        if (asked.at[i] <= ' ' || asked.at[i] >= 0x7F || asked.at[i] == '\\')
            return TEXT(CONSOLE_PATH);
    return asked.length <= 512 ? asked : TEXT(CONSOLE_PATH);
}
