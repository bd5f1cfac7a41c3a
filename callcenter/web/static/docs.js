// Shows the OpenAPI document. Text is only ever set as text, never as markup.
"use strict";

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function resolved(schema, document_, seen) {
  if (Array.isArray(schema)) return schema.map((item) => resolved(item, document_, seen));
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (seen.includes(name)) return { $ref: name };
    return resolved(document_.components.schemas[name], document_, [...seen, name]);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value, document_, seen)]));
}

function block(title, content, document_) {
  const media = Object.entries(content || {});
  return media.map(([type, { schema }]) =>
    element("div", "", element("p", `${title} ${type}`),
      element("pre", Object.keys(schema).length ? JSON.stringify(resolved(schema, document_, []), null, 1) : "…")));
}

function operation(path, method, described, document_) {
  const summary = element("summary", "");
  const label = element("code", method.toUpperCase());
  label.className = "method";
  summary.append(label, element("code", path), ` ${described.summary || ""}`);
  const box = element("details", "", summary);
  box.dataset.text = `${method} ${path} ${described.summary} ${described.tags}`.toLowerCase();
  box.addEventListener("toggle", () => {
    if (!box.open || box.dataset.filled) return;
    box.dataset.filled = "yes";
    if (described.description) box.append(element("p", described.description));
    if (described["x-permission"]) box.append(element("p", `权限 permission: ${described["x-permission"]}`));
    if (described.parameters.length) {
      const rows = described.parameters.map((one) => element("tr", "", element("td", one.name), element("td", one.in),
        element("td", one.required ? "必填 required" : ""), element("td", one.description || ""),
        element("td", JSON.stringify(one.schema))));
      box.append(element("table", "", element("tbody", "", ...rows)));
    }
    if (described.requestBody) box.append(...block("请求 request", described.requestBody.content, document_));
    for (const [status, answer] of Object.entries(described.responses))
      if (status !== "default") box.append(element("p", `${status} ${answer.description}`),
        ...block("回答 answer", answer.content, document_));
  });
  return box;
}

async function show() {
  const answer = await fetch("/api/v1/openapi.json");
  const document_ = await answer.json();
  const main = document.getElementById("routes");
  main.replaceChildren();
  for (const tag of document_.tags) {
    const heading = element("h2", `${tag.name} ${tag.description}`);
    heading.id = tag.name;
    const link = element("a", tag.name);
    link.href = `#${tag.name}`;
    document.getElementById("tags").append(link);
    const section = element("section", "", heading);
    for (const [path, methods] of Object.entries(document_.paths))
      for (const [method, described] of Object.entries(methods))
        if (described.tags.includes(tag.name)) section.append(operation(path, method, described, document_));
    main.append(section);
  }
  document.getElementById("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const box of main.querySelectorAll("details")) box.hidden = !box.dataset.text.includes(wanted);
  });
}

show();
