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

// A parameter's type in a few words.
function kind(schema) {
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.filter((one) => one.type !== "null").map(kind).join(" | ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "array") return `${kind(schema.items || {})} …`;
  const bounds = [];
  for (const [name, sign] of [["minimum", "≥"], ["maximum", "≤"], ["minLength", "字符 ≥"], ["maxLength", "字符 ≤"]])
    if (schema[name] !== undefined) bounds.push(`${sign} ${schema[name]}`);
  if (schema.pattern) bounds.push(schema.pattern);
  if (schema.default !== undefined && schema.default !== null) bounds.push(`默认 default ${schema.default}`);
  return [schema.format || schema.type || "", ...bounds].join(" ");
}

function operation(path, method, described, document_) {
  const summary = element("summary", "");
  const label = element("code", method.toUpperCase());
  label.className = `method ${method}`;
  summary.append(label, element("code", path), element("span", described.summary));
  const box = element("details", "", summary);
  box.id = described.operationId || `${method} ${path}`;
  box.dataset.text =
    `${method} ${path} ${described.summary} ${described.tags} ${described["x-permission"] || ""}`.toLowerCase();
  box.addEventListener("toggle", () => {
    if (!box.open || box.dataset.filled) return;
    box.dataset.filled = "yes";
    if (described.description) box.append(element("p", described.description));
    if (described["x-permission"]) box.append(element("p", `权限 permission: ${described["x-permission"]}`));
    if (described.parameters.length) {
      const heads = ["参数 parameter", "位置 in", "", "取值 value", "说明 meaning"].map((text) => element("th", text));
      const rows = described.parameters.map((one) => element("tr", "", element("td", "", element("code", one.name)),
        element("td", one.in), element("td", one.required ? "必填 required" : ""),
        element("td", kind(resolved(one.schema, document_, []))),
        element("td", one.description || one.schema.description || "")));
      const table = element("table", "", element("thead", "", element("tr", "", ...heads)),
        element("tbody", "", ...rows));
      const wide = element("div", "", table);
      wide.className = "wide";
      box.append(wide);
    }
    if (described.requestBody) box.append(...block("请求 request", described.requestBody.content, document_));
    for (const [status, answer] of Object.entries(described.responses))
      if (status !== "default") box.append(element("p", `${status} ${answer.description}`),
        ...block("回答 answer", answer.content, document_));
  });
  return box;
}

function filter(main) {
  const wanted = document.getElementById("filter").value.toLowerCase();
  let shown = 0;
  for (const section of main.children) {
    let any = false;
    for (const box of section.querySelectorAll("details")) {
      box.hidden = !box.dataset.text.includes(wanted);
      if (!box.hidden) { any = true; shown += 1; }
    }
    section.hidden = !any;
  }
  document.getElementById("count").textContent = shown ? `${shown} 个接口 routes` : "没有符合的接口 nothing found";
}

function unfold() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
  if (named) named.scrollIntoView();
}

async function show() {
  const main = document.getElementById("routes");
  let document_;
  try {
    const answer = await fetch("/api/v1/openapi.json");
    if (!answer.ok) throw new Error(answer.status);
    document_ = await answer.json();
  } catch (error) {
    main.textContent = `无法读取接口说明，请刷新重试。 The description could not be read, load the page again. (${error.message})`;
    return;
  }
  main.replaceChildren();
  for (const tag of document_.tags) {
    const heading = element("h2", `${tag.description} `, element("code", tag.name));
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
  document.getElementById("filter").addEventListener("input", () => filter(main));
  filter(main);
  window.addEventListener("hashchange", unfold);
  unfold();
}

show();
