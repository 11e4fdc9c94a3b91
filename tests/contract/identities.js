// SPDX-License-Identifier: MIT
// Identities, their address and phone rows, the owner and the domains (facts 2.1, 2.2, 2.3, 2.12).
"use strict";
const { Refusal } = require("./contract");
const { list } = require("./lists");

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const DOMAINS = ["raviapp.com", "agents.example.org"];

function show(world, identity) {
	const { settings } = world;
	return {
		uuid: identity.uuid, name: identity.name, inbox: identity.inbox,
		phone: identity.phone ?? (settings.null_phone ? null : ""),
		created_dt: identity.created_dt, updated_dt: identity.updated_dt,
		...settings.object_channels ? { email: { address: identity.inbox }, phone: identity.phone && { number: identity.phone } } : {},
	};
}

// 2.1, rules of the local part.
function isLocal(text) {
	return text.length >= 3 && text.length <= 30 && /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(text) && !/\.\.|--/.test(text);
}

// B takes `email`, a local part or a whole address; C takes email_identifier and domain (8.1).
function chooseAddress({ world, body }) {
	const field = world.isC ? "email_identifier" : "email";
	const other = world.isC ? "email" : "email_identifier";
	if (body[other] !== undefined)
		throw new Refusal(400, { [other]: ["Unknown field."] });
	if (body.domain !== undefined && body[field] === undefined)
		throw new Refusal(400, { domain: ["A domain needs an email_identifier."] });
	if (body[field] === undefined)
		return {};
	const [local, domain = body.domain ?? DOMAINS[0]] = body[field].split("@");
	if (!isLocal(local))
		throw new Refusal(400, { [field]: ["3 to 30 of a-z, 0-9, '.' and '-'."] });
	if (!DOMAINS.includes(domain))
		throw new Refusal(400, { domain: ["Not a domain of this account."] });
	if (world.identities.some((one) => one.inbox === `${local}@${domain}`))
		throw new Refusal(409, "This address is taken.");
	return { local, domain };
}

function create(call) {
	const { world, settings, body } = call;
	const address = chooseAddress(call);
	if (!settings.paid && world.identities.length)
		throw new Refusal(402, { detail: "Active paid subscription required.", code: "subscription_required" });
	if (body.provision_phone)
		needProvider(settings);
	const identity = world.makeIdentity({ name: body.name, ...address, phone: body.provision_phone });
	const key = settings.create_key && !world.isA ? { api_key: world.makeKey("identity", identity) } : {};
	return [201, { ...show(world, identity), ...key }];
}

function needProvider(settings) {
	if (!settings.upstream)
		throw new Refusal(503, "The phone provider is not available.");
}

function get(call, { uuid }) {
	const identity = call.world.find(uuid);
	if (!identity || (call.who.kind === "identity" && identity !== call.who.identity))
		throw new Refusal(404, "Not found.");
	return identity;
}

async function provision(call, names) {
	const { world, settings } = call;
	const identity = get(call, names);
	if (identity.phone)
		throw new Refusal(409, "This identity already has a phone number.");
	if (!settings.paid)
		throw new Refusal(402, { detail: "Active paid subscription required.", code: "subscription_required" });
	needProvider(settings);
	await sleep(settings.phone_delay);
	world.givePhone(identity);
	return [201, show(world, identity)];
}

// 2.2: with a management key the whole account's; /api/phone/ ignores ?identity= even in C.
const emails = ({ world, identity }) => (identity ? [identity] : world.identities)
	.map((one) => ({ id: one.email_id, email: one.inbox, created_dt: one.created_dt }));
const phones = ({ world, identity }) => (identity ? [identity] : world.identities).filter((one) => one.phone)
	.map((one) => ({ id: one.phone_id, phone_number: one.phone, provider: "twilio", created_dt: one.created_dt }));

const domains = () => DOMAINS.map((domain, i) => ({
	uuid: `00000000-0000-4000-8000-00000000000${i}`, domain, is_platform: i === 0, is_verified: true, created_dt: "2026-01-01T00:00:00Z",
}));

const CREATED = ["uuid", "inbox", "phone", "created_dt", "updated_dt"];
module.exports = {
	show,
	routes: [
		{ method: "GET", path: "/api/identities/", auth: "management", query: ["limit", "offset"], run: (call) => [200, list(call, call.world.identities.map((one) => show(call.world, one)))] },
		{
			method: "POST", path: "/api/identities/", auth: "management", read_only: CREATED, run: create,
			members: { name: "string", email: "string", email_identifier: "string", domain: "string", provision_phone: "boolean" },
		},
		{ method: "GET", path: "/api/identities/:uuid/", auth: "any", run: (call, names) => [200, show(call.world, get(call, names))] },
		{ method: "POST", path: "/api/identities/:uuid/provision-phone/", auth: "management", members: { country_code: "string" }, run: provision },
		{ method: "GET", path: "/api/email/", auth: "any", scoped: true, query: ["limit", "offset"], run: (call) => [200, list(call, emails(call))] },
		{ method: "GET", path: "/api/phone/", auth: "any", scoped: true, ignores_scope: true, query: ["limit", "offset"], run: (call) => [200, list(call, phones(call))] },
		{ method: "GET", path: "/api/master/", auth: "any", run: ({ world }) => [200, { first_name: world.user.first_name, last_name: world.user.last_name }] },
		{ method: "GET", path: "/api/domains/", auth: "management", query: ["limit", "offset"], run: (call) => [200, list(call, domains())] },
	],
};
