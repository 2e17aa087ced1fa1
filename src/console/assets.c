#include "console/assets.h"

/* "/assets/console.0123456789abcdef.js" is the path of "console.js". */
static bool is_of_name(struct text path, struct text name)
{
    struct text base = TEXT("/assets/");
    size_t dot = text_find(name, '.');
    struct text stem = text_slice(name, 0, dot + 1);
    struct text ending = text_slice(name, dot, name.length);
    struct text file = text_slice(path, base.length, path.length);
    return text_starts_with(file, stem) && file.length > ending.length &&
           text_equals(text_slice(file, file.length - ending.length, file.length), ending);
}

const struct asset *console_asset_find(struct text name)
{
    for (size_t i = 0; i < console_asset_count; i++)
        if (is_of_name(console_assets[i]->path, name))
            return console_assets[i];
    return NULL;
}
