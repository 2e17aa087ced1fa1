/* exposition: writes Prometheus' text format, version 0.0.4.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/: a family is one HELP and one TYPE
 * line, then its samples, one a line, told apart by their labels. Pure but for the buffer. */
#pragma once

#include "base/buffer.h"

#define EXPOSITION_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type {
    METRIC_COUNTER, /* never falls while the process lives; its name ends in _total */
    METRIC_GAUGE,
};

/* name: letters, digits and '_', not beginning with a digit. value: any UTF-8. */
struct metric_label {
    struct text name, value;
};

struct metric_labels {
    const struct metric_label *at;
    size_t count;
};

#define NO_LABELS ((struct metric_labels){NULL, 0})

/* The lines before a family's samples. help: one sentence, any UTF-8. */
void exposition_family(struct buffer *out, struct text name, enum metric_type type,
                       struct text help);

void exposition_sample(struct buffer *out, struct text name, struct metric_labels labels,
                       int64_t value);

/* Microseconds, as seconds. */
void exposition_sample_seconds(struct buffer *out, struct text name,
                               struct metric_labels labels, int64_t value_us);
