// SPDX-License-Identifier: MIT
// Secrets and passwords of an identity (facts 2.4, 2.5).
"use strict";
const crypto = require("node:crypto");
const { Refusal } = require("./contract");
const { list } = require("./lists");

const READ_ONLY = ["uuid", "identity", "created_dt", "updated_dt"];

// The server folds the key, then looks at it; whether it folds ?key= is unknown, so it does not (2.4).
function checkKey(call, text) {
	const key = text.toUpperCase();
	if (key !== text)
		call.violate("a secret's key was not folded to capitals before it was sent (2.4)");
	if (!/^[A-Z][A-Z0-9_]*$/.test(key))
		throw new Refusal(400, { key: ["Must be A-Z, 0-9 and _."] });
	return key;
}

function checkValue({ settings }, value) {
	if (settings.secret_size_max && Buffer.byteLength(value) > settings.secret_size_max)
		throw new Refusal(400, { value: [`Ensure this field has no more than ${settings.secret_size_max} characters.`] });
}

const kept = ({ settings }, value) => settings.secret_trim ? value.trim() : value;

function createSecret(call) {
	const { world, identity, body } = call;
	const key = checkKey(call, body.key);
	checkValue(call, body.value);
	if (identity.secrets.some((one) => one.key === key))
		throw new Refusal(400, { non_field_errors: ["The fields identity, key must make a unique set."] });
	const secret = {
		uuid: crypto.randomUUID(), identity: identity.id, key, value: kept(call, body.value), notes: body.notes ?? "",
		created_dt: world.now(), updated_dt: world.now(),
	};
	identity.secrets.push(secret);
	return [201, secret];
}

function listSecrets(call) {
	const key = call.query.get("key");
	return [200, list(call, call.all("secrets").filter((one) => key === null || one.key === key))];
}

const NO_SECRET = "No SecretEntry matches the given query.";
const oneSecret = (call, { uuid }) => call.find("secrets", (one) => one.uuid === uuid, NO_SECRET);

function change(call, row, names) {
	for (const name of names)
		if (call.body[name] !== undefined)
			row[name] = call.body[name];
	row.updated_dt = call.world.now();
	return [200, row];
}

function remove(call, kind, row) {
	call.identity[kind].splice(call.identity[kind].indexOf(row), 1);
	return [204];
}

function patchSecret(call, names) {
	const secret = oneSecret(call, names);
	if (call.body.value !== undefined)
		checkValue(call, call.body.value);
	const answer = change(call, secret, ["value", "notes"]);
	secret.value = kept(call, secret.value);
	return answer;
}

// ---- passwords ----

// 2.5: scheme, path and subdomains go.
const domainOf = (text) => text.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "").split(".").slice(-2).join(".");

function generate({ query }) {
	const length = Number(query.get("length") || 16);
	let alphabet = "";
	for (const [name, letters] of [["uppercase", "ABCDEFGHJKLMNPQRSTUVWXYZ"], ["lowercase", "abcdefghijkmnpqrstuvwxyz"], ["digits", "23456789"], ["special", "!#%+:=?@"]])
		if (query.get(name) !== "false")
			alphabet += letters;
	const excluded = query.get("exclude_chars") ?? "";
	const left = [...alphabet].filter((letter) => !excluded.includes(letter));
	if (!left.length || !(length > 0 && length <= 128))
		throw new Refusal(400, { length: ["Nothing to choose from."] });
	return Array.from({ length }, () => left[crypto.randomInt(left.length)]).join("");
}

function createPassword(call) {
	const { world, identity, body } = call;
	const row = {
		uuid: crypto.randomUUID(), identity: identity.id, domain: domainOf(body.domain), username: body.username ?? "",
		password: body.password ?? generate({ query: new URLSearchParams() }), notes: body.notes ?? "",
		created_dt: world.now(), updated_dt: world.now(),
	};
	identity.passwords.push(row);
	return [201, row];
}

const NO_PASSWORD = "No PasswordEntry matches the given query.";
const onePassword = (call, { uuid }) => call.find("passwords", (one) => one.uuid === uuid, NO_PASSWORD);
const PASSWORD = { domain: "string", username: "string", password: "string", notes: "string" };

const base = { auth: "any", scoped: true };
const secretRoutes = (root, only) => [
	{ ...base, ...only, method: "GET", path: root, query: ["key", "limit", "offset"], run: listSecrets },
	{ ...base, ...only, method: "POST", path: root, members: { key: "string!", value: "string!", notes: "string" }, read_only: READ_ONLY, run: createSecret },
	{ ...base, ...only, method: "GET", path: `${root}:uuid/`, run: (call, names) => [200, oneSecret(call, names)] },
	{ ...base, ...only, method: "PATCH", path: `${root}:uuid/`, members: { value: "string", notes: "string", key: "string" }, run: patchSecret },
	{ ...base, ...only, method: "DELETE", path: `${root}:uuid/`, run: (call, names) => remove(call, "secrets", oneSecret(call, names)) },
];

module.exports = {
	routes: [
		...secretRoutes("/api/secrets/", {}),
		// Their place in the first phase of A.
		...secretRoutes("/api/vault/", { only: "A" }),
		{ ...base, method: "GET", path: "/api/passwords/", query: ["limit", "offset"], run: (call) => [200, list(call, call.all("passwords"))] },
		{ ...base, method: "POST", path: "/api/passwords/", members: { ...PASSWORD, domain: "string!" }, read_only: READ_ONLY, run: createPassword },
		{ ...base, method: "GET", path: "/api/passwords/generate-password/", query: ["length", "uppercase", "lowercase", "digits", "special", "exclude_chars"], run: (call) => [200, { password: generate(call) }] },
		{ ...base, method: "GET", path: "/api/passwords/:uuid/", run: (call, names) => [200, onePassword(call, names)] },
		{ ...base, method: "PATCH", path: "/api/passwords/:uuid/", members: PASSWORD, run: (call, names) => change(call, onePassword(call, names), Object.keys(PASSWORD)) },
		{ ...base, method: "DELETE", path: "/api/passwords/:uuid/", run: (call, names) => remove(call, "passwords", onePassword(call, names)) },
	],
};
