/* docs_parts: what the files of the page share: its sections, a function each, and its frame. */
#pragma once

#include "api/docs_face.h"

/* "8 credits/request". */
struct text docs_price_words(const struct docs_page *page, char room[DOCS_FORMATTED_BYTES_MAX]);

/* The endpoint's path without the prefix that all of them share: that stands in the base URL. */
#define DOCS_BASE_PATH "/api/v1"
struct text docs_short_path(const struct endpoint *endpoint);

/* docs_endpoint.c */
void docs_parameters(struct docs_page *page);
void docs_authentication(struct docs_page *page);
void docs_example_response(struct docs_page *page);
void docs_request_schema(struct docs_page *page);
void docs_response_schema(struct docs_page *page);

/* docs_billing.c */
void docs_billing(struct docs_page *page);

/* docs_answers.c */
void docs_failures(struct docs_page *page);
void docs_headers(struct docs_page *page);

/* docs_guides.c */
void docs_example_request(struct docs_page *page);
void docs_typescript(struct docs_page *page);
void docs_languages(struct docs_page *page);
void docs_freshness(struct docs_page *page);
void docs_paging(struct docs_page *page);
void docs_retries(struct docs_page *page);
void docs_related(struct docs_page *page);
void docs_changes(struct docs_page *page);

/* The frame: what stands before the first section and after the last. */
void docs_html_open(struct docs_page *page);
void docs_html_close(struct docs_page *page);
void docs_markdown_open(struct docs_page *page);
