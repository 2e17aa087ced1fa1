// A call as programs in five languages. The key is never in them: they read it from the environment.

export interface ExampleCall {
  method: string;
  address: string; // without the query
  values: [string, string][];
}

export interface Example {
  name: string;
  write: (call: ExampleCall) => string;
}

const VARIABLE = "TRENDGATE_API_KEY";

// Everything but letters, digits and -._~ is escaped, so that no shell or string sees it.
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

export const queryOf = (values: [string, string][]): string =>
  values.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");

const fullAddress = ({ address, values }: ExampleCall): string =>
  values.length ? `${address}?${queryOf(values)}` : address;

// A literal that TypeScript, Python and Go all read the same way.
const quoted = (text: string): string => JSON.stringify(text);

const lines = (...parts: (string | string[])[]): string => parts.flat().join("\n");

export const EXAMPLES: Example[] = [
  {
    name: "curl",
    write: (call) => lines(`curl "${fullAddress(call)}" \\`, `  -H "x-api-key: $${VARIABLE}"`),
  },
  {
    name: "TypeScript",
    write: (call) =>
      lines(
        `const url = new URL(${quoted(call.address)});`,
        call.values.map(([name, value]) => `url.searchParams.set(${quoted(name)}, ${quoted(value)});`),
        "const response = await fetch(url, {",
        `  headers: { "x-api-key": process.env.${VARIABLE} ?? "" },`,
        "});",
        "if (!response.ok) throw new Error(await response.text());",
        "const payload = await response.json();",
        "console.log(payload.data);",
      ),
  },
  {
    name: "Python",
    write: (call) =>
      lines(
        "import json",
        "import os",
        "import urllib.parse",
        "import urllib.request",
        "",
        "query = urllib.parse.urlencode({",
        call.values.map(([name, value]) => `    ${quoted(name)}: ${quoted(value)},`),
        "})",
        "request = urllib.request.Request(",
        `    ${quoted(call.address)} + "?" + query,`,
        `    headers={"x-api-key": os.environ["${VARIABLE}"]},`,
        ")",
        "with urllib.request.urlopen(request, timeout=30) as response:",
        "    payload = json.load(response)",
        `print(payload["data"])`,
      ),
  },
  {
    name: "Go",
    write: (call) =>
      lines(
        "package main",
        "",
        "import (",
        `\t"io"`,
        `\t"log"`,
        `\t"net/http"`,
        `\t"net/url"`,
        `\t"os"`,
        ")",
        "",
        "func main() {",
        "\tquery := url.Values{}",
        call.values.map(([name, value]) => `\tquery.Set(${quoted(name)}, ${quoted(value)})`),
        `\trequest, err := http.NewRequest("${call.method}", ${quoted(call.address)}+"?"+query.Encode(), nil)`,
        "\tif err != nil {",
        "\t\tlog.Fatal(err)",
        "\t}",
        `\trequest.Header.Set("x-api-key", os.Getenv("${VARIABLE}"))`,
        "\tresponse, err := http.DefaultClient.Do(request)",
        "\tif err != nil {",
        "\t\tlog.Fatal(err)",
        "\t}",
        "\tdefer response.Body.Close()",
        "\tif _, err := io.Copy(os.Stdout, response.Body); err != nil {",
        "\t\tlog.Fatal(err)",
        "\t}",
        "}",
      ),
  },
  {
    name: "C",
    write: (call) =>
      lines(
        "/* cc call.c -lcurl */",
        "#include <curl/curl.h>",
        "#include <stdio.h>",
        "#include <stdlib.h>",
        "",
        "static const char address[] =",
        `    "${fullAddress(call)}";`,
        "",
        "int main(void)",
        "{",
        `    const char *key = getenv("${VARIABLE}");`,
        "    char header[128];",
        `    snprintf(header, sizeof(header), "x-api-key: %s", key ? key : "");`,
        "    CURL *curl = curl_easy_init();",
        "    if (!curl)",
        "        return EXIT_FAILURE;",
        "    struct curl_slist *headers = curl_slist_append(NULL, header);",
        "    curl_easy_setopt(curl, CURLOPT_URL, address);",
        "    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);",
        "    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);",
        "    CURLcode outcome = curl_easy_perform(curl); /* prints the answer */",
        "    if (outcome != CURLE_OK)",
        `        fprintf(stderr, "%s\\n", curl_easy_strerror(outcome));`,
        "    curl_slist_free_all(headers);",
        "    curl_easy_cleanup(curl);",
        "    return outcome == CURLE_OK ? EXIT_SUCCESS : EXIT_FAILURE;",
        "}",
      ),
  },
];
