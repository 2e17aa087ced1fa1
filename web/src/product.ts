// The API's own description, as a resource.
import { getProduct, type Product } from "./openapi";
import { useResource, type Resource } from "./resource";

export const useProduct = (): Resource<Product> => useResource(getProduct, "product");
