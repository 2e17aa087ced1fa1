// A labelled form field with its hint and its fault tied to it.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

interface Described {
  label: ComponentChildren;
  hint?: ComponentChildren;
  fault?: string | undefined;
}

interface Wiring {
  id: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: boolean | undefined;
}

export function Field({
  label,
  hint,
  fault,
  children,
}: Described & { children: (wiring: Wiring) => ComponentChildren }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": fault ? true : undefined })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="field-fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

interface InputProps extends Described {
  value: string;
  onValue: (value: string) => void;
  required?: boolean;
  autocomplete?: string;
  inputMode?: "numeric" | "text";
  spellcheck?: boolean;
  "data-first"?: boolean;
}

export function TextField({ label, hint, fault, onValue, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wiring) => (
        <input type="text" {...rest} {...wiring} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}

export function PasswordField({ label, hint, fault, onValue, ...rest }: InputProps) {
  const [isShown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wiring) => (
        <div class="with-button">
          <input
            {...rest}
            {...wiring}
            type={(isShown ? "text" : "password") as "password"}
            spellcheck={false}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          <button type="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? "Hide" : "Show"}
            <span class="unseen"> {label}</span>
          </button>
        </div>
      )}
    </Field>
  );
}

interface Choice {
  value: string;
  label: string;
}

interface SelectProps extends Described {
  value: string;
  choices: Choice[];
  onValue: (value: string) => void;
  disabled?: boolean;
}

export function SelectField({ label, hint, fault, value, choices, onValue, disabled }: SelectProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wiring) => (
        <select
          {...wiring}
          value={value}
          disabled={disabled}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} selected={choice.value === value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface RadiosProps {
  legend: string;
  name: string;
  value: string;
  choices: (Choice & { hint?: string })[];
  onValue: (value: string) => void;
  first?: string; // which one has the focus when its dialog opens
}

export function Radios({ legend, name, value, choices, onValue, first }: RadiosProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class="choice">
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            data-first={choice.value === first ? true : undefined}
            onChange={() => onValue(choice.value)}
          />
          <span>
            {choice.label}
            {choice.hint && <span class="hint"> {choice.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
