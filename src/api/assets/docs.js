// Copy buttons and language tabs. The page is whole without them: the buttons are made here, and
// every example is shown where this does not run.
"use strict";

const STAYS_MS = 2000;

function element(name, attributes, text) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
}

function select(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
}

// The clipboard is there on https and localhost only, and may be refused there too; the example
// is then left selected, for the keyboard.
async function copy(code) {
    try {
        await navigator.clipboard.writeText(code.textContent);
        return "Copied";
    } catch {
        select(code);
        return "Selected: press Ctrl+C";
    }
}

function addCopyButton(block) {
    const bar = block.querySelector(".code-bar");
    const name = bar.textContent;
    const button = element("button", { type: "button", "aria-label": `Copy ${name}` }, "Copy");
    const said = element("span", { role: "status", class: "said" });
    let timer;
    button.addEventListener("click", async () => {
        said.textContent = await copy(block.querySelector("pre"));
        clearTimeout(timer);
        timer = setTimeout(() => (said.textContent = ""), STAYS_MS);
    });
    const end = element("div", { class: "code-end" });
    end.append(said, button);
    bar.append(end);
}

function choose(tabs, chosen) {
    for (const tab of tabs) {
        const is = tab === chosen;
        tab.setAttribute("aria-selected", String(is));
        tab.tabIndex = is ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).hidden = !is;
    }
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

function nextTab(tabs, key) {
    const at = tabs.indexOf(document.activeElement);
    if (key === "Home") return tabs[0];
    if (key === "End") return tabs.at(-1);
    return key in STEPS ? tabs[(at + STEPS[key] + tabs.length) % tabs.length] : undefined;
}

function addTabs(group) {
    const list = element("div", { role: "tablist", "aria-label": group.dataset.tabs });
    const tabs = [...group.querySelectorAll(".code")].map((panel) => {
        const attributes = { type: "button", role: "tab", id: `${panel.id}-tab`, "aria-controls": panel.id };
        const tab = element("button", attributes, panel.querySelector("h3").textContent);
        panel.setAttribute("role", "tabpanel");
        panel.setAttribute("aria-labelledby", tab.id);
        tab.addEventListener("click", () => choose(tabs, tab));
        list.append(tab);
        return tab;
    });
    list.addEventListener("keydown", (event) => {
        const next = nextTab(tabs, event.key);
        if (!next) return;
        event.preventDefault();
        choose(tabs, next);
        next.focus();
    });
    group.prepend(list);
    choose(tabs, tabs[0]);
}

document.querySelectorAll(".code").forEach(addCopyButton);
document.querySelectorAll("[data-tabs]").forEach(addTabs);
