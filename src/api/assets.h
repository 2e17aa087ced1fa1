/* assets: files for browsers, built into the program; made from src/api/assets by the build.
 *
 * The path holds a hash of the content, so that browsers may keep a file for ever and still show
 * the next release as it is. Frozen; any thread. */
#pragma once

#include "base/text.h"

struct asset {
    struct text path;
    struct text content_type;
    struct text body;
};

extern const struct asset asset_docs_css;
extern const struct asset asset_docs_js;
extern const struct asset asset_mark_svg;

#define ASSETS_MAX 8
extern const struct asset *const assets[];
extern const size_t asset_count;
