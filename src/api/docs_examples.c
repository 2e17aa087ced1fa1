#include "api/docs_examples.h"

/* A program is text around the address and around each parameter that has an example. */
struct example_form {
    struct text label, language;
    const char *opening; /* the address follows */
    const char *address_end;
    const char *first, *next; /* before the name of the first parameter, of another */
    const char *equals;       /* between name and value */
    const char *parameter_end;
    const char *closing;
};

#define KEY_VARIABLE "TRENDGATE_API_KEY"

static const struct example_form curl_form = {
    .label = TEXT_INITIAL("curl"),
    .language = TEXT_INITIAL("sh"),
    .opening = "curl -X GET \"",
    .address_end = "",
    .first = "?",
    .next = "&",
    .equals = "=",
    .parameter_end = "",
    .closing = "\" -H \"x-api-key: <api-key>\"",
};

static const struct example_form typescript_form = {
    .label = TEXT_INITIAL("TypeScript"),
    .language = TEXT_INITIAL("ts"),
    .opening = "const url = new URL(\"",
    .address_end = "\");\n",
    .first = "url.searchParams.set(\"",
    .next = "url.searchParams.set(\"",
    .equals = "\", \"",
    .parameter_end = "\");\n",
    .closing = "const headers = new Headers();\n"
               "headers.set(\"x-api-key\", \"<api-key>\");\n"
               "const response = await fetch(url, {\n"
               "  method: \"GET\",\n"
               "  headers,\n"
               "});\n"
               "const payload = await response.json();",
};

static const struct example_form python_form = {
    .label = TEXT_INITIAL("Python"),
    .language = TEXT_INITIAL("python"),
    .opening = "import json\n"
               "import os\n"
               "import urllib.parse\n"
               "import urllib.request\n"
               "\n"
               "url = \"",
    .address_end = "\"\n"
                   "query = urllib.parse.urlencode({\n",
    .first = "    \"",
    .next = "    \"",
    .equals = "\": \"",
    .parameter_end = "\",\n",
    .closing = "})\n"
               "request = urllib.request.Request(\n"
               "    f\"{url}?{query}\",\n"
               "    headers={\"x-api-key\": os.environ[\"" KEY_VARIABLE "\"]},\n"
               ")\n"
               "with urllib.request.urlopen(request, timeout=30) as response:\n"
               "    payload = json.load(response)\n"
               "\n"
               "for hashtag in payload[\"data\"][\"data\"][\"list\"]:\n"
               "    print(hashtag[\"rank\"], hashtag[\"hashtag_name\"])",
};

static const struct example_form go_form = {
    .label = TEXT_INITIAL("Go"),
    .language = TEXT_INITIAL("go"),
    .opening = "package main\n"
               "\n"
               "import (\n"
               "\t\"io\"\n"
               "\t\"log\"\n"
               "\t\"net/http\"\n"
               "\t\"net/url\"\n"
               "\t\"os\"\n"
               ")\n"
               "\n"
               "func main() {\n"
               "\taddress := \"",
    .address_end = "\"\n"
                   "\tquery := url.Values{}\n",
    .first = "\tquery.Set(\"",
    .next = "\tquery.Set(\"",
    .equals = "\", \"",
    .parameter_end = "\")\n",
    .closing = "\trequest, err := http.NewRequest(\"GET\", address+\"?\"+query.Encode(), nil)\n"
               "\tif err != nil {\n"
               "\t\tlog.Fatal(err)\n"
               "\t}\n"
               "\trequest.Header.Set(\"x-api-key\", os.Getenv(\"" KEY_VARIABLE "\"))\n"
               "\tresponse, err := http.DefaultClient.Do(request)\n"
               "\tif err != nil {\n"
               "\t\tlog.Fatal(err)\n"
               "\t}\n"
               "\tdefer response.Body.Close()\n"
               "\tif _, err := io.Copy(os.Stdout, response.Body); err != nil {\n"
               "\t\tlog.Fatal(err)\n"
               "\t}\n"
               "\tif response.StatusCode != http.StatusOK {\n"
               "\t\tlog.Fatal(response.Status)\n"
               "\t}\n"
               "}",
};

static const struct example_form c_form = {
    .label = TEXT_INITIAL("C (libcurl)"),
    .language = TEXT_INITIAL("c"),
    .opening = "/* cc hashtags.c -lcurl */\n"
               "#include <curl/curl.h>\n"
               "#include <stdio.h>\n"
               "#include <stdlib.h>\n"
               "\n"
               "static const char address[] =\n"
               "    \"",
    .address_end = "\"\n",
    .first = "    \"?",
    .next = "    \"&",
    .equals = "=",
    .parameter_end = "\"\n",
    .closing =
        "    ;\n"
        "\n"
        "int main(void)\n"
        "{\n"
        "    const char *key = getenv(\"" KEY_VARIABLE "\");\n"
        "    char header[128];\n"
        "    snprintf(header, sizeof(header), \"x-api-key: %s\", key ? key : \"\");\n"
        "    CURL *curl = curl_easy_init();\n"
        "    if (!curl)\n"
        "        return EXIT_FAILURE;\n"
        "    struct curl_slist *headers = curl_slist_append(NULL, header);\n"
        "    curl_easy_setopt(curl, CURLOPT_URL, address);\n"
        "    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);\n"
        "    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);\n"
        "    CURLcode outcome = curl_easy_perform(curl); /* prints the answer */\n"
        "    long status = 0;\n"
        "    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);\n"
        "    if (outcome != CURLE_OK)\n"
        "        fprintf(stderr, \"%s\\n\", curl_easy_strerror(outcome));\n"
        "    curl_slist_free_all(headers);\n"
        "    curl_easy_cleanup(curl);\n"
        "    return outcome == CURLE_OK && status == 200 ? EXIT_SUCCESS : EXIT_FAILURE;\n"
        "}",
};

static const struct example_form paging_form = {
    .label = TEXT_INITIAL("Python, page by page"),
    .language = TEXT_INITIAL("python"),
    .opening = "import json\n"
               "import os\n"
               "import urllib.parse\n"
               "import urllib.request\n"
               "\n"
               "url = \"",
    .address_end = "\"\n"
                   "arguments = {\n",
    .first = "    \"",
    .next = "    \"",
    .equals = "\": \"",
    .parameter_end = "\",\n",
    .closing = "}\n"
               "page, has_more = 1, True\n"
               "while has_more:\n"
               "    query = urllib.parse.urlencode({**arguments, \"page\": page})\n"
               "    request = urllib.request.Request(\n"
               "        f\"{url}?{query}\",\n"
               "        headers={\"x-api-key\": os.environ[\"" KEY_VARIABLE "\"]},\n"
               "    )\n"
               "    with urllib.request.urlopen(request, timeout=30) as response:\n"
               "        found = json.load(response)[\"data\"][\"data\"]\n"
               "    for hashtag in found[\"list\"]:\n"
               "        print(hashtag[\"rank\"], hashtag[\"hashtag_name\"])\n"
               "    has_more = found[\"pagination\"][\"has_more\"]\n"
               "    page += 1",
};

static const struct example_form retry_form = {
    .label = TEXT_INITIAL("Python, with retries"),
    .language = TEXT_INITIAL("python"),
    .opening = "import http.client\n"
               "import json\n"
               "import os\n"
               "import time\n"
               "import urllib.error\n"
               "import urllib.parse\n"
               "import urllib.request\n"
               "import uuid\n"
               "\n"
               "url = \"",
    .address_end = "\"\n"
                   "query = urllib.parse.urlencode({\n",
    .first = "    \"",
    .next = "    \"",
    .equals = "\": \"",
    .parameter_end = "\",\n",
    .closing = "})\n"
               "request = urllib.request.Request(\n"
               "    f\"{url}?{query}\",\n"
               "    headers={\n"
               "        \"x-api-key\": os.environ[\"" KEY_VARIABLE "\"],\n"
               "        \"Idempotency-Key\": str(uuid.uuid4()),  # the same for every attempt\n"
               "    },\n"
               ")\n"
               "for attempt in range(5):\n"
               "    wait = 2**attempt\n"
               "    try:\n"
               "        with urllib.request.urlopen(request, timeout=30) as response:\n"
               "            payload = json.load(response)\n"
               "            print(\"charged\", response.headers[\"X-Credits-Charged\"])\n"
               "        break\n"
               "    except urllib.error.HTTPError as error:\n"
               "        if error.code not in (429, 503):\n"
               "            raise  # asking again would not help\n"
               "        wait = int(error.headers[\"Retry-After\"])\n"
               "    except (OSError, http.client.HTTPException):\n"
               "        pass  # no answer: it may have been charged, and its retry is free\n"
               "    time.sleep(wait)\n"
               "else:\n"
               "    raise SystemExit(\"the service does not answer\")",
};

static const struct example_form conditional_form = {
    .label = TEXT_INITIAL("curl, with If-None-Match"),
    .language = TEXT_INITIAL("sh"),
    .opening = "url=\"",
    .address_end = "",
    .first = "?",
    .next = "&",
    .equals = "=",
    .parameter_end = "",
    .closing = "\"\n"
               "curl -sS \"$url\" -H \"x-api-key: $" KEY_VARIABLE "\" \\\n"
               "  --etag-compare hashtags.etag --etag-save hashtags.etag -o hashtags.json \\\n"
               "  -w '%{http_code}\\n'",
};

static const struct example_form *const forms[DOCS_EXAMPLES] = {
    [EXAMPLE_CURL] = &curl_form,     [EXAMPLE_TYPESCRIPT] = &typescript_form,
    [EXAMPLE_PYTHON] = &python_form, [EXAMPLE_GO] = &go_form,
    [EXAMPLE_C] = &c_form,           [EXAMPLE_PAGING] = &paging_form,
    [EXAMPLE_RETRY] = &retry_form,   [EXAMPLE_CONDITIONAL] = &conditional_form,
};

struct text docs_example_label(enum docs_example example)
{
    return forms[example]->label;
}

struct text docs_example_language(enum docs_example example)
{
    return forms[example]->language;
}

static void append(struct buffer *out, const char *string)
{
    buffer_append(out, text_of(string));
}

void docs_example_write(enum docs_example example, const struct endpoint *endpoint,
                        struct text base_url, struct buffer *out)
{
    const struct example_form *form = forms[example];
    append(out, form->opening);
    buffer_append(out, base_url);
    buffer_append(out, endpoint->path);
    append(out, form->address_end);
    size_t written = 0;
    for (size_t i = 0; i < endpoint->parameter_count; i++) {
        const struct parameter *parameter = &endpoint->parameters[i];
        if (parameter->example.length == 0)
            continue;
        append(out, written++ == 0 ? form->first : form->next);
        buffer_append(out, parameter->name);
        append(out, form->equals);
        buffer_append(out, parameter->example);
        append(out, form->parameter_end);
    }
    append(out, form->closing);
}
