// A form field for one parameter of an endpoint, as the API's description has it.
import { useId } from "preact/hooks";
import type { Lists } from "./api_types";
import { Field, SelectField } from "./field";
import type { Parameter } from "./openapi";

interface ParameterFieldProps {
  of: Parameter;
  value: string;
  onValue: (value: string) => void;
  lists: Lists | undefined;
}

export function ParameterField({ of: parameter, value, onValue, lists }: ParameterFieldProps) {
  const list = useId();
  const label = (
    <>
      <code>{parameter.name}</code>
      {parameter.required && <span class="quiet"> required</span>}
    </>
  );
  const hint = parameter.description;
  if (parameter.choices.length > 0) {
    const none = parameter.standard === undefined ? "Not sent" : `${parameter.standard} (default)`;
    return (
      <SelectField
        label={label}
        hint={hint}
        value={value}
        onValue={onValue}
        choices={[
          { value: "", label: none },
          ...parameter.choices.map((choice) => ({ value: choice, label: choice })),
        ]}
      />
    );
  }
  const known = knownValues(parameter.name, lists);
  const range =
    parameter.least !== undefined && parameter.most !== undefined
      ? `${parameter.least} to ${parameter.most}`
      : undefined;
  return (
    <Field label={label} hint={hint}>
      {(wiring) => (
        <>
          <input
            {...wiring}
            type="text"
            value={value}
            required={parameter.required}
            autocomplete="off"
            spellcheck={false}
            inputMode={parameter.type === "integer" ? "numeric" : "text"}
            list={known.length ? list : undefined}
            placeholder={parameter.standard ?? range ?? (parameter.example ? `such as ${parameter.example}` : "")}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          {known.length > 0 && (
            <datalist id={list}>
              {known.map((one) => (
                <option key={one.value} value={one.value}>
                  {one.label}
                </option>
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

// Countries and industries are known by codes and numbers: their names are offered with them.
function knownValues(name: string, lists: Lists | undefined): { value: string; label: string }[] {
  if (name === "country_code")
    return (lists?.countries ?? []).map((country) => ({ value: country.code, label: country.name }));
  if (name === "industry_id")
    return (lists?.industries ?? []).map((industry) => ({ value: String(industry.id), label: industry.name }));
  return [];
}
