// What /openapi.json says about the product's endpoints and plans.
import { fetchJson } from "./api";

export interface Parameter {
  name: string;
  description: string;
  required: boolean;
  type: string;
  choices: string[];
  standard: string | undefined; // the default
  least: number | undefined;
  most: number | undefined;
  example: string | undefined;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  credits: number;
  parameters: Parameter[];
}

export interface Plan {
  name: string;
  price_cents: number;
  included_credits: number;
  daily_credit_cap: number;
  rate_limit_per_minute: number;
  overage: "none" | "opt_in" | "always";
  overage_cents_per_1000: number;
}

export interface Product {
  server: string;
  operations: Operation[];
  plans: Plan[];
}

interface RawSchema {
  type?: string | string[];
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

interface RawOperation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: RawSchema;
    example?: unknown;
  }[];
  "x-credit-cost"?: number;
}

interface RawDocument {
  servers?: { url: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  "x-plans"?: Plan[];
}

let product: Promise<Product> | undefined;

// Asked for once for as long as the console is open; a failure is not kept.
export function getProduct(): Promise<Product> {
  product ??= fetchJson<RawDocument>("/openapi.json").then(readProduct);
  product.catch(() => (product = undefined));
  return product;
}

function readProduct(document: RawDocument): Product {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => ({ path, method, raw })),
  );
  // The product is what costs credits, and what stands beside it under the same tags for free.
  const sold = new Set(
    all.filter(({ raw }) => (raw["x-credit-cost"] ?? 0) > 0).flatMap(({ raw }) => raw.tags ?? []),
  );
  const operations = all.filter(({ raw }) => raw.operationId && raw.tags?.some((tag) => sold.has(tag)));
  return {
    server: document.servers?.[0]?.url.replace(/\/$/, "") ?? location.origin,
    operations: operations.map(({ path, method, raw }) => readOperation(path, method, raw)),
    plans: document["x-plans"] ?? [],
  };
}

function readOperation(path: string, method: string, raw: RawOperation): Operation {
  return {
    id: raw.operationId ?? "",
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? raw.operationId ?? path,
    credits: raw["x-credit-cost"] ?? 0,
    parameters: (raw.parameters ?? [])
      .filter((parameter) => parameter.in === "query")
      .map((parameter) => {
        const schema = parameter.schema ?? {};
        const word = (value: unknown) => (value === undefined || value === null ? undefined : String(value));
        return {
          name: parameter.name,
          description: parameter.description ?? "",
          required: parameter.required ?? false,
          type: Array.isArray(schema.type) ? (schema.type[0] ?? "string") : (schema.type ?? "string"),
          choices: (schema.enum ?? []).filter((value) => value !== null).map(String),
          standard: word(schema.default),
          least: schema.minimum,
          most: schema.maximum,
          example: word(parameter.example),
        };
      }),
  };
}
