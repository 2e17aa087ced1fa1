/* page: what the console's own pages in HTML have in common: head, headers, forms.
 *
 * They work without scripts and hold none. The theme is the one that the cookie theme names, else
 * the system's. On the call's loop thread; each page ends its call. */
#pragma once

#include "base/html_write.h"
#include "console/errand.h"

#define CONSOLE_PATH "/console/"
#define SIGN_IN_PATH "/console/signin"
#define SIGN_UP_PATH "/console/signup"
#define SIGN_OUT_PATH "/console/signout"
#define PASSWORD_PATH "/console/password"
#define LINK_PATH "/console/link/"

struct page {
    struct call *call;
    struct buffer out;
    struct html_writer html; /* on out */
    struct buffer headers;   /* further lines of the answer */
    char headers_room[1536];
};

/* The document up to and with its first heading. A page is sent once, whatever happens. */
void page_open(struct page *page, struct call *call, struct text title);
void page_send(struct page *page, unsigned status);

/* <html> and <head> alone, for who writes another body. */
void page_head(struct page *page, struct call *call, struct text title);

void page_paragraph(struct page *page, struct text sentence);
void page_link(struct page *page, struct text address, struct text words);

/* A page that says one sentence, and where to go from there. */
void page_say(struct call *call, unsigned status, struct text title, struct text sentence);

/* 303 to a path of ours. headers: further lines. */
void page_redirect(struct call *call, struct text path, struct text headers);

/* ---- Forms ---- */

/* A form that is sent to action, with the proof that it came from here; sets the cookie that the
 * proof goes with, where there is no session and no such cookie yet. */
void form_open(struct page *page, struct text action);
void form_hidden(struct page *page, struct text name, struct text value);

struct form_field {
    const char *name;
    const char *label;
    const char *type;         /* "email", "password", "text" */
    const char *autocomplete; /* as the HTML Standard names it */
    const char *hint;         /* NULL: none */
    struct text value;
    struct text fault; /* a sentence; empty: none */
    bool is_fixed;     /* it is shown, and cannot be changed */
};
void form_field(struct page *page, const struct form_field *field);
void form_close(struct page *page, struct text button);

/* What a form of ours sent. False: it was refused with a page, because it is none, or carries no
 * proof that it came from here. */
bool form_read(struct call *call, struct query *form);

/* The one value of that name; empty for none. */
struct text form_value(const struct query *form, const char *name);

/* A path of the console's that was asked for before signing in; else the console itself. */
struct text form_next(struct text asked);
