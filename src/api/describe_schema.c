#include "api/describe_parts.h"

/* ---- Answers: rows become a tree ---- */

#define SCHEMA_DEPTH_MAX 12 /* the deepest row of the tables is six levels down */

/* An object, or the objects of an array, whose properties are being written. */
struct level {
    struct text path;
    unsigned braces; /* to close after its properties */
};

struct schema_walk {
    const struct schema *schema;
    const struct dialect *dialect; /* NULL: nothing is referred to by name */
    struct json_writer *writer;
    struct level levels[SCHEMA_DEPTH_MAX];
    size_t depth;
};

static bool is_inside(struct text path, struct text outer)
{
    return text_starts_with(path, outer) && path.length > outer.length &&
           (outer.length == 0 || path.at[outer.length] == '.' || path.at[outer.length] == '[');
}

static bool is_named(const struct schema_walk *walk, const struct schema_field *field)
{
    return field->definition.length > 0 && walk->dialect != NULL;
}

static bool is_required(const struct schema_walk *walk, const struct schema_field *field)
{
    bool is_all = !walk->dialect || walk->dialect->says_everything;
    return is_all ? !field->is_optional : schema_field_is_required(walk->schema, field);
}

static void required_write(const struct schema_walk *walk, struct text parent)
{
    bool is_any = false;
    for (size_t i = 0; i < walk->schema->field_count; i++) {
        const struct schema_field *field = &walk->schema->fields[i];
        if (!text_equals(schema_field_parent(field), parent) || !is_required(walk, field))
            continue;
        if (!is_any) {
            json_name(walk->writer, TEXT("required"));
            json_array_open(walk->writer);
        }
        is_any = true;
        json_write_text(walk->writer, schema_field_name(field));
    }
    if (is_any)
        json_array_close(walk->writer);
}

/* From inside an object that is described as one, up to its first property. */
static void properties_open(struct schema_walk *walk, struct text path, unsigned braces)
{
    check(walk->depth < SCHEMA_DEPTH_MAX);
    required_write(walk, path);
    json_name(walk->writer, TEXT("properties"));
    json_object_open(walk->writer);
    walk->levels[walk->depth++] = (struct level){path, braces + 1};
}

static void properties_close(struct schema_walk *walk)
{
    struct level level = walk->levels[--walk->depth];
    for (unsigned i = 0; i < level.braces; i++)
        json_object_close(walk->writer);
}

static void member_raw(struct json_writer *writer, struct text name, struct text value)
{
    if (value.length == 0)
        return;
    json_name(writer, name);
    json_write_raw(writer, value);
}

static void member_said(struct json_writer *writer, struct text name, struct text value)
{
    if (value.length > 0)
        json_member_text(writer, name, value);
}

static void enum_write(struct json_writer *writer, struct text values)
{
    if (values.length == 0)
        return;
    json_name(writer, TEXT("enum"));
    json_array_open(writer);
    json_write_raw(writer, values);
    json_array_close(writer);
}

static void example_write(const struct schema_walk *walk, struct text value)
{
    struct json_writer *writer = walk->writer;
    if (value.length == 0)
        return;
    if (walk->dialect && !walk->dialect->examples_are_lists) {
        member_raw(writer, TEXT("example"), value);
        return;
    }
    json_name(writer, TEXT("examples"));
    json_array_open(writer);
    json_write_raw(writer, value);
    json_array_close(writer);
}

static void type_write(const struct schema_walk *walk, const struct schema_field *field)
{
    struct json_writer *writer = walk->writer;
    json_member_text(writer, TEXT("type"), field->type);
    member_said(writer, TEXT("format"), field->format);
    member_said(writer, TEXT("description"), field->description);
    enum_write(writer, field->one_of);
    member_raw(writer, TEXT("minimum"), field->minimum);
    member_raw(writer, TEXT("maximum"), field->maximum);
    example_write(walk, field->example);
}

/* The row after an array says what its items are: values of their own, or members of objects. */
static void items_write(struct schema_walk *walk, const struct schema_field *field,
                        const struct schema_field *next)
{
    json_name(walk->writer, TEXT("items"));
    json_object_open(walk->writer);
    if (text_equals(schema_field_name(next), TEXT("[]"))) {
        type_write(walk, next);
        json_object_close(walk->writer);
        json_object_close(walk->writer);
        return;
    }
    struct text path = {field->path.at, field->path.length + 2};
    check(text_starts_with(next->path, field->path) &&
          text_equals(schema_field_parent(next), text_slice(next->path, 0, path.length)));
    json_member_text(walk->writer, TEXT("type"), TEXT("object"));
    properties_open(walk, schema_field_parent(next), 2);
}

static void field_write(struct schema_walk *walk, const struct schema_field *field,
                        const struct schema_field *next)
{
    json_name(walk->writer, schema_field_name(field));
    if (is_named(walk, field)) {
        parts_reference(walk->dialect, field->definition, walk->writer);
        return;
    }
    json_object_open(walk->writer);
    type_write(walk, field);
    if (text_equals(field->type, TEXT("array")))
        items_write(walk, field, next);
    else if (text_equals(field->type, TEXT("object")))
        properties_open(walk, field->path, 1);
    else
        json_object_close(walk->writer);
}

/* The members of an object's schema: of the whole answer, or of what root is the path of. */
static void object_write(struct schema_walk *walk, struct text root, struct text description)
{
    const struct schema *schema = walk->schema;
    struct text named = {0};
    json_member_text(walk->writer, TEXT("type"), TEXT("object"));
    member_said(walk->writer, TEXT("description"), description);
    properties_open(walk, root, 0);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct schema_field *field = &schema->fields[i];
        bool is_elsewhere = !is_inside(field->path, root) ||
                            (named.at && is_inside(field->path, named));
        if (is_elsewhere || text_equals(schema_field_name(field), TEXT("[]")))
            continue;
        while (!text_equals(walk->levels[walk->depth - 1].path, schema_field_parent(field)))
            properties_close(walk);
        field_write(walk, field, field + (i + 1 < schema->field_count));
        if (is_named(walk, field))
            named = field->path;
    }
    while (walk->depth > 0)
        properties_close(walk);
}

static void definition_write(const struct dialect *dialect, const struct schema *schema,
                             struct json_writer *writer)
{
    struct schema_walk walk = {.schema = schema, .dialect = dialect, .writer = writer};
    json_name(writer, schema->name);
    json_object_open(writer);
    object_write(&walk, (struct text){0}, schema->description);
    json_object_close(writer);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct schema_field *field = &schema->fields[i];
        if (field->definition.length == 0)
            continue;
        json_name(writer, field->definition);
        json_object_open(writer);
        object_write(&walk, field->path, field->description);
        json_object_close(writer);
    }
}

void parts_definitions(const struct dialect *dialect, struct json_writer *writer)
{
    static const struct schema *const schemas[] = {
        &failure_schema,   &hashtag_schema,    &meta_schema,       &history_schema,
        &movers_schema,    &billing_schema,    &events_schema,     &overview_schema,
        &endpoints_schema, &timeseries_schema, &recent_ips_schema, &ping_schema,
        &ready_schema,     &periods_schema,    &period_schema,     &statement_schema,
        &download_schema,  &preview_schema,    &plans_schema,      &estimate_schema,
    };
    for (size_t i = 0; i < LENGTH_OF(schemas); i++)
        definition_write(dialect, schemas[i], writer);
}

void describe_answer_schema(const struct schema *schema, struct json_writer *writer)
{
    struct schema_walk walk = {.schema = schema, .writer = writer};
    json_object_open(writer);
    object_write(&walk, (struct text){0}, schema->description);
    json_object_close(writer);
}

void parts_reference(const struct dialect *dialect, struct text name,
                     struct json_writer *writer)
{
    char room[256];
    struct buffer path;
    buffer_init_on(&path, room, sizeof(room));
    buffer_append(&path, dialect->definitions);
    buffer_append(&path, name);
    check(!path.overflowed);
    json_object_open(writer);
    json_member_text(writer, TEXT("$ref"), buffer_text(&path));
    json_object_close(writer);
}

/* ---- Parameters ---- */

static bool is_integer(const struct parameter *parameter)
{
    return text_equals(parameter->type, TEXT("integer"));
}

static void choices_write(const struct parameter *parameter, struct json_writer *writer)
{
    json_name(writer, TEXT("enum"));
    json_array_open(writer);
    for (size_t i = 0; i < PARAMETER_CHOICES_MAX && parameter->one_of[i] != 0; i++)
        json_write_integer(writer, parameter->one_of[i]);
    json_array_close(writer);
}

static void words_write(const struct parameter *parameter, struct json_writer *writer)
{
    if (text_equals(parameter->type, TEXT("boolean")))
        return; /* its words are the type's */
    json_name(writer, TEXT("enum"));
    json_array_open(writer);
    for (size_t i = 0; i < PARAMETER_CHOICES_MAX && parameter->words[i]; i++)
        json_write_text(writer, text_of(parameter->words[i]));
    json_array_close(writer);
    if (parameter->absent >= 0)
        json_member_text(writer, TEXT("default"), text_of(parameter->words[parameter->absent]));
}

void parts_parameter_type(const struct parameter *parameter, struct json_writer *writer)
{
    json_member_text(writer, TEXT("type"), parameter->type);
    switch (parameter->kind) {
    case PARAMETER_CLAMPED:
        json_member_integer(writer, TEXT("default"), parameter->absent);
        return;
    case PARAMETER_ONE_OF:
        choices_write(parameter, writer);
        json_member_integer(writer, TEXT("default"), parameter->absent);
        return;
    case PARAMETER_WORD:
        json_name(writer, TEXT("enum"));
        json_array_open(writer);
        json_write_text(writer, parameter->word);
        json_array_close(writer);
        return;
    case PARAMETER_CHOICE: words_write(parameter, writer); return;
    case PARAMETER_KNOWN:
        if (is_integer(parameter))
            json_member_text(writer, TEXT("format"), TEXT("int64"));
        return;
    case PARAMETER_TEXT:
    case PARAMETER_INSTANT: return;
    }
    check_failed(__FILE__, __LINE__, "kind is in the list");
}

void describe_parameter_example(const struct parameter *parameter, struct json_writer *writer)
{
    if (is_integer(parameter))
        json_write_raw(writer, parameter->example);
    else
        json_write_text(writer, parameter->example);
}

void describe_parameter_words(const struct parameter *parameter, struct buffer *out)
{
    buffer_append_format(out, "%.*s; %.*s", TEXT_PRINT(parameter->description),
                         TEXT_PRINT(parameter->refusal));
    if (parameter->without.length > 0)
        buffer_append_format(out, ". Without it: %.*s", TEXT_PRINT(parameter->without));
    buffer_append_byte(out, '.');
}

#define PARAMETER_WORDS_MAX 512

void parts_parameter_words(const struct parameter *parameter, struct json_writer *writer)
{
    char room[PARAMETER_WORDS_MAX];
    struct buffer words;
    buffer_init_on(&words, room, sizeof(room));
    describe_parameter_words(parameter, &words);
    check(!words.overflowed);
    json_member_text(writer, TEXT("description"), buffer_text(&words));
}

void describe_parameter_schema(const struct parameter *parameter, struct json_writer *writer)
{
    json_object_open(writer);
    parts_parameter_type(parameter, writer);
    parts_parameter_words(parameter, writer);
    if (parameter->example.length > 0) {
        json_name(writer, TEXT("examples"));
        json_array_open(writer);
        describe_parameter_example(parameter, writer);
        json_array_close(writer);
    }
    json_object_close(writer);
}
