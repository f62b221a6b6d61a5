// Writes internal/cloud/aws/<service>/api_gen.go from the schemas of the AWS SDK for JavaScript (Apache-2.0).
//
//   npm ci --ignore-scripts && node generate.mjs [--out DIR]
//
// services.json says which operations of which package are wanted. For these the Go shapes are written, every member with a
// struct tag that the wire codec reads (its grammar is in internal/cloud/model/doc.go); of the others only the names, so that a
// call of one is answered with a refusal that names it.
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

const here = dirname(fileURLToPath(import.meta.url));
const outIndex = process.argv.indexOf("--out");
const root = outIndex > 0 ? resolve(process.argv[outIndex + 1]) : resolve(here, "../../internal/cloud/aws");
const wanted = JSON.parse(readFileSync(join(here, "services.json"), "utf8"));

// Kinds and scalar codes of @smithy/core/schema.
const LIST = 1, MAP = 2, STRUCT = 3, ERROR = -3, UNION = 4, OPERATION = 9;
const BITS = ["httpLabel", "idempotent", "idempotencyToken", "sensitive", "httpPayload", "httpResponseCode", "httpQueryParams"];

function traits(t) {
  if (t === undefined || t === 0) return {};
  if (typeof t === "object") return t;
  return Object.fromEntries(BITS.filter((_, i) => (t >> i) & 1).map((name) => [name, 1]));
}

// deref follows lazy references and [schema, traits] pairs; it returns the target schema and the traits met on the way.
function deref(ref) {
  let own = {};
  for (;;) {
    if (typeof ref === "function") ref = ref();
    else if (Array.isArray(ref) && ref.length === 2 && typeof ref[0] !== "number") { own = { ...traits(ref[1]), ...own }; ref = ref[0]; }
    else if (Array.isArray(ref) && ref.length === 2) { own = { ...traits(ref[1]), ...own }; ref = ref[0]; }
    else return { schema: ref, traits: own };
  }
}

const exported = (name) => name.replace(/[^A-Za-z0-9]+(.)?/g, (_, c) => (c ?? "").toUpperCase()).replace(/^./, (c) => c.toUpperCase());
const quote = (s) => JSON.stringify(s);

class Service {
  constructor(name, config) {
    this.name = name;
    this.config = config;
    this.structs = new Map(); // Go name -> lines
    this.doubles = new Set(config.doubles ?? []);
  }

  async load() {
    const dir = join(here, "node_modules/@aws-sdk", this.config.package);
    this.version = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")).version;
    this.schemas = require(join(dir, "dist-cjs/index.js"));
    const shared = readFileSync(join(dir, "dist-es/runtimeConfig.shared.js"), "utf8");
    const setting = (key) => shared.match(new RegExp(`${key}: (?:config\\?\\.serviceId \\?\\? )?"([^"]*)"`))?.[1] ?? "";
    this.meta = { apiVersion: setting("apiVersion"), id: setting("serviceId"), ns: setting("xmlNamespace"), target: setting("serviceTarget") };
    const auth = readFileSync(join(dir, "dist-es/auth/httpAuthSchemeProvider.js"), "utf8");
    this.meta.signing = auth.match(/name: "([a-z0-9-]+)"/)[1];
  }

  goName(schema) { return this.config.rename?.[schema[2]] ?? exported(schema[2]); }

  // goType gives the Go type of a schema, and registers the structures that it needs. member is "Shape.member", for the list of doubles.
  goType(ref, member) {
    const { schema, traits: t } = deref(ref);
    if (typeof schema === "number") {
      if (schema !== 42 && schema & 128) return { go: "map[string]" + this.scalar(schema & ~128, true, member), t };
      if (schema !== 42 && schema & 64) return { go: "[]" + this.scalar(schema & ~64, true, member), t };
      return { go: this.scalar(schema, false, member), t, code: schema };
    }
    switch (schema[0]) {
      case 0: return { ...this.goType(schema[4], member), t: { ...traits(schema[3]), ...t } };
      case LIST: {
        const e = deref(schema[4]);
        const el = this.goType(schema[4], member).go.replace(/^\*/, "");
        return { go: "[]" + el, t: { ...traits(schema[3]), ...t }, element: { ...e.traits } };
      }
      case MAP: {
        const k = deref(schema[4]), v = deref(schema[5]);
        const el = this.goType(schema[5], member).go.replace(/^\*/, "");
        return { go: "map[string]" + el, t: { ...traits(schema[3]), ...t }, key: k.traits, value: v.traits };
      }
      case STRUCT: case UNION: case ERROR:
        this.struct(schema);
        return { go: "*" + this.goName(schema), t, struct: schema };
    }
    throw new Error(`${this.name}: unknown schema ${JSON.stringify(schema).slice(0, 80)}`);
  }

  scalar(code, bare, member) {
    const p = bare ? "" : "*";
    switch (code) {
      case 0: return p + "string";
      case 1: return p + (this.doubles.has(member) ? "float64" : "int64");
      case 2: return p + "bool";
      case 4: case 5: case 6: case 7: return p + "time.Time";
      case 21: return "[]byte";
      case 42: return "io.ReadCloser";
      case 15: return "any";
      case 17: return p + "int64";
    }
    throw new Error(`${this.name}: unknown scalar ${code} at ${member}`);
  }

  struct(schema, as) {
    const name = as ?? this.goName(schema);
    if (this.structs.has(name)) return;
    this.structs.set(name, []); // stops recursion
    const [, , shape, own, members = [], types = [], required = 0] = schema;
    const lines = [];
    const tr = traits(own);
    const head = [];
    head.push(tr.xmlName ?? shape);
    if (tr.xmlNamespace) head.push("ns=" + [tr.xmlNamespace].flat().join("|"));
    lines.push(`\t_ struct{} \`aws:${quote(head.join(","))}\``);
    members.forEach((m, i) => {
      const r = this.goType(types[i], `${shape}.${m}`);
      lines.push(`\t${exported(m)} ${r.go} \`aws:${quote(this.tag(m, r, i < required))}\``);
    });
    this.structs.set(name, [
      `// ${name} is the API's ${shape}${schema[0] === UNION ? ", a union: one member is set" : ""}.`, `type ${name} struct {`, ...lines, "}", ""]);
  }

  tag(member, r, required) {
    const t = r.t, parts = [member];
    const add = (k, v) => parts.push(v === undefined ? k : `${k}=${v}`);
    if (t.xmlName) add("x", t.xmlName);
    if (t.ec2QueryName) add("q", t.ec2QueryName);
    if (t.jsonName) add("j", t.jsonName);
    if (t.xmlFlattened) add("flat");
    if (t.xmlAttribute) add("attr");
    if (t.xmlNamespace) add("ns", [t.xmlNamespace].flat().join("|"));
    if (r.element?.xmlName) add("li", r.element.xmlName);
    if (r.element?.xmlNamespace) add("lns", [r.element.xmlNamespace].flat().join("|"));
    if (r.key?.xmlName) add("mk", r.key.xmlName);
    if (r.value?.xmlName) add("mv", r.value.xmlName);
    if (t.httpHeader) add("h", t.httpHeader);
    if (t.httpPrefixHeaders !== undefined) add("hp", t.httpPrefixHeaders);
    if (t.httpQuery) add("uq", t.httpQuery);
    if (t.httpQueryParams) add("uqs");
    if (t.httpLabel) add("label");
    if (t.httpPayload) add("payload");
    if (t.httpResponseCode) add("status");
    if (t.idempotencyToken) add("token");
    if (t.sensitive) add("sensitive");
    if (required) add("req");
    if (r.code === 5) add("ts", "iso");
    if (r.code === 6) add("ts", "http");
    if (r.code === 7) add("ts", "epoch");
    return parts.join(",");
  }

  generate() {
    const all = Object.values(this.schemas).filter((s) => Array.isArray(s));
    const operations = all.filter((s) => s[0] === OPERATION).sort((a, b) => (a[2] < b[2] ? -1 : 1));
    const errors = all.filter((s) => s[0] === ERROR && s[1] !== undefined && !s[1].startsWith("smithy.ts")).sort((a, b) => (a[2] < b[2] ? -1 : 1));
    const byName = new Map(operations.map((o) => [o[2], o]));
    const names = [...this.config.operations].sort();
    const unit = (ref) => ref === undefined || deref(ref).schema[2] === undefined || String(deref(ref).schema[2]).includes("Unit");
    const ops = [];
    for (const n of names) {
      const op = byName.get(n);
      if (!op) throw new Error(`${this.name}: no operation ${n}`);
      for (const [ref, suffix] of [[op[4], "Input"], [op[5], "Output"]]) {
        const empty = unit(ref) || typeof deref(ref).schema === "string";
        if (empty) this.structs.set(n + suffix, [`// ${n}${suffix} has no members.`, `type ${n}${suffix} struct{}`, ""]);
        else this.struct(deref(ref).schema, n + suffix);
      }
    }
    const rest = this.config.protocols[0].startsWith("rest");
    const lines = [
      `// Code generated by tools/apigen from @aws-sdk/${this.config.package} ${this.version} (Apache-2.0, see NOTICE); DO NOT EDIT.`, "",
      `package ${this.name}`, "", "import (", "IMPORTS", "\t\"atoll/internal/cloud/model\"", ")", "",
      `// API describes the wire side of ${this.meta.id}: its identity, protocols, operations and error codes.`,
      "func API() *model.API {", "\treturn &model.API{",
      `\t\tID: ${quote(this.meta.id)}, SigningName: ${quote(this.meta.signing)}, Version: ${quote(this.meta.apiVersion)},`,
      `\t\tNamespace: ${quote(this.meta.ns)}, TargetPrefix: ${quote(this.meta.target)},`,
      `\t\tProtocols: []model.Protocol{${this.config.protocols.map((p) => "model." + { query: "Query", ec2: "EC2Query", restxml: "RESTXML", restjson: "RESTJSON", json10: "JSON10", json11: "JSON11", cbor: "CBOR" }[p]).join(", ")}},`,
      "\t\tOperations: []model.Operation{"];
    for (const op of operations) {
      const is = names.includes(op[2]);
      if (!rest && !is) continue;
      const t = traits(op[3]);
      const [method, uri, status] = t.http ?? ["POST", "/", 200];
      lines.push(`\t\t\t{Name: ${quote(op[2])}, Method: ${quote(method)}, URI: ${quote(uri)}, Status: ${status}${is ? ", Wanted: true" : ""}},`);
    }
    lines.push("\t\t},");
    lines.push("\t\tErrors: []model.ErrorShape{");
    for (const e of errors) {
      const t = traits(e[3]);
      const code = t.awsQueryError?.[0] ?? e[2];
      const query = this.config.protocols.includes("query") ? t.awsQueryError?.[1] : undefined; // a status of the query protocol alone
      const status = t.httpError ?? query ?? (t.error === "server" ? 500 : 400);
      lines.push(`\t\t\t{Shape: ${quote(e[2])}, Code: ${quote(code)}, Status: ${status}},`);
    }
    lines.push("\t\t},");
    const others = operations.map((o) => o[2]).filter((n) => !names.includes(n));
    if (!rest) lines.push(`\t\tOthers: ${quote(others.join(" "))},`);
    lines.push("\t}", "}", "");
    const body = [...this.structs.keys()].sort().flatMap((k) => this.structs.get(k));
    let text = lines.concat(body).join("\n");
    const imports = [];
    if (/\bio\.ReadCloser\b/.test(text)) imports.push('\t"io"');
    if (/\btime\.Time\b/.test(text)) imports.push('\t"time"');
    text = text.replace("IMPORTS\n", imports.join("\n") + (imports.length ? "\n\n" : ""));
    return execFileSync("gofmt", { input: text, maxBuffer: 1 << 28 });
  }
}

for (const [name, config] of Object.entries(wanted)) {
  const s = new Service(name, config);
  await s.load();
  const text = s.generate();
  mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, name, "api_gen.go"), text);
  console.error(`${name}: ${config.operations.length} operations, ${s.structs.size} shapes`);
}
