// The two API documents side by side, and answers held against them.
import Ajv2020 from "ajv/dist/2020.js";
import Ajv04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import assert from "node:assert/strict";

const OPTIONS = { strict: false, allErrors: true, formats: { int32: true } };

function ajvOf(Ajv) {
  const ajv = new (Ajv.default ?? Ajv)(OPTIONS);
  (addFormats.default ?? addFormats)(ajv);
  ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
  return ajv;
}

/** Both documents of a server, with what they say in one form. */
export async function documentsOf(server) {
  const [openapi, swagger] = await Promise.all(["openapi", "swagger"].map(async (name) =>
    (await server.ask(`/${name}.json`)).json()));
  const openapiAjv = ajvOf(Ajv2020).addSchema(openapi, "openapi");
  const swaggerAjv = ajvOf(Ajv04).addSchema(swagger, "swagger");
  return [
    { name: "openapi", document: openapi, ajv: openapiAjv,
      schemaOf: (answer) => answer.content?.["application/json"].schema,
      examplesOf: (answer) => {
        const content = answer.content?.["application/json"] ?? {};
        return [...(content.example ? [content.example] : []),
          ...Object.values(content.examples ?? {}).map((example) => example.value)];
      },
      typeOf: (parameter) => ({ ...parameter.schema, example: parameter.example }),
      definitions: openapi.components.schemas },
    { name: "swagger", document: swagger, ajv: swaggerAjv,
      schemaOf: (answer) => answer.schema,
      examplesOf: (answer) => Object.values(answer.examples ?? {}),
      typeOf: (parameter) => ({ type: parameter.type, format: parameter.format, enum: parameter.enum,
        default: parameter.default, example: parameter["x-example"] }),
      definitions: swagger.definitions },
  ];
}

/** [path, operation] of every operation. */
export function operationsOf(described) {
  return Object.entries(described.document.paths).map(([path, item]) => [path, item.get]);
}

/** Fails unless the value is what the schema of this answer says. */
export function assertValid(described, answer, value, of) {
  const schema = described.schemaOf(answer);
  const validate = described.ajv.getSchema(described.name + schema.$ref);
  assert.ok(validate, `${described.name} has no ${schema.$ref}`);
  assert.ok(validate(value), `${of}, by ${described.name}: ${JSON.stringify(validate.errors, null, 1)}`);
}

/** The value of a header as its documented type, or a failure. */
export function assertHeader(described, name, documented, written) {
  const schema = described.typeOf({ ...documented, "x-example": undefined, example: undefined });
  const value = schema.type === "integer" ? Number(written) : written;
  const plain = Object.fromEntries(Object.entries(schema).filter(([, said]) => said !== undefined));
  assert.ok(described.ajv.validate(plain, value), `${name}: ${written} is not ${JSON.stringify(plain)}`);
}
