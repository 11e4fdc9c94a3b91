// SPDX-License-Identifier: MIT
// Mail and SMS: grouped, flat, sent; and attachments (facts 2.6 to 2.9).
"use strict";
const crypto = require("node:crypto");
const { Refusal } = require("./contract");
const { list } = require("./lists");

const byTime = (a, b) => a.created_dt.localeCompare(b.created_dt) || a.id - b.id;
const first = (text) => text.replace(/\s+/g, " ").slice(0, 80);
const shown = (call, row) => (call.settings.text_ids ? { ...row, id: String(row.id) } : row);

function grouped(rows, key) {
	const groups = new Map();
	for (const row of [...rows].sort(byTime))
		groups.set(key(row), [...groups.get(key(row)) ?? [], row]);
	// Newest first (2.6).
	return [...groups.entries()].sort(([, a], [, b]) => byTime(b.at(-1), a.at(-1)));
}

const unread = (rows) => rows.filter((row) => !row.is_read && row.direction === "incoming").length;
const summary = (rows) => ({
	message_count: rows.length, unread_count: unread(rows), latest_message_dt: rows.at(-1).created_dt,
});

// `has_unread`, not `unread` (8.1).
const wanted = (call, groups) => groups.filter(([, rows]) => call.query.get("has_unread") !== "true" || unread(rows));

// ---- mail ----

// 2.6: these have no url, message_id and thread_id.
const inThread = (call, { url, message_id, thread_id, ...mail }) => shown(call, mail);

function threads(call) {
	return [200, list(call, wanted(call, grouped(call.all("mails"), (mail) => mail.thread_id)).map(([thread_id, mails]) => ({
		thread_id, subject: mails[0].subject, preview: first(mails.at(-1).text_content), from_email: mails.at(-1).from_email,
		inbox: mails[0].to_email, ...summary(mails), oldest_message_dt: mails[0].created_dt,
	})))];
}

function thread(call, { id }) {
	const mails = call.all("mails").filter((mail) => mail.thread_id === id).sort(byTime);
	if (!mails.length)
		throw new Refusal(404, "Not found.");
	return [200, {
		thread_id: id, subject: mails[0].subject, message_count: mails.length, messages: mails.map((mail) => inThread(call, mail)),
	}];
}

// 2.7: oldest first, limit and offset; is_read, not unread.
function mails(call) {
	const { query } = call;
	const after = query.get("created_after");
	if (after !== null && Number.isNaN(Date.parse(after)))
		throw new Refusal(400, { created_after: ["Enter a valid date/time."] });
	const rows = call.all("mails").filter((mail) => (query.get("is_read") === null || String(mail.is_read) === query.get("is_read")) &&
		(query.get("direction") === null || mail.direction === query.get("direction")) &&
		(query.get("from_email") === null || mail.from_email === query.get("from_email")) &&
		(query.get("thread_id") === null || mail.thread_id === query.get("thread_id")) &&
		(after === null || Date.parse(mail.created_dt) > Date.parse(after)));
	return [200, list(call, rows.sort(byTime).map((row) => shown(call, row)), { paged: true })];
}

const number = (id) => (/^\d+$/.test(id) ? Number(id) : -1);
const oneMail = (call, { id }) => call.find("mails", (mail) => mail.id === number(id));

function send(call, mail) {
	return [201, call.world.receiveMail(call.identity, { ...mail, from: call.identity.inbox, direction: "outgoing" })];
}

function compose(call) {
	const { body, query, identity } = call;
	if (query.get("inbox") !== String(identity.email_id))
		throw new Refusal(400, { inbox: ["The id of an inbox of this identity is required."] });
	return send(call, { subject: body.subject, html: body.content });
}

function reply(call, names) {
	const mail = oneMail(call, names);
	return send(call, { subject: `Re: ${mail.subject}`, html: call.body.content, thread: mail.thread_id });
}

function forward(call, names) {
	return send(call, { subject: `Fwd: ${oneMail(call, names).subject}`, html: call.body.content });
}

// ---- attachments (2.8) ----

function presign(call) {
	const { world, body } = call;
	if (body.size > 10 * 1024 * 1024)
		throw new Refusal(400, { size: ["At most 10 MiB."] });
	const uuid = crypto.randomUUID();
	world.uploads ??= new Map();
	world.uploads.set(uuid, { type: body.content_type, size: body.size });
	return [201, { uuid, upload_url: `${call.origin}/upload/${uuid}/`, storage_key: `attachments/1/${uuid}/${body.filename}` }];
}

// No credential goes to the storage, and the length is the one that was said (1.2).
function upload(call, { uuid }) {
	const promised = call.world.uploads?.get(uuid);
	if (!promised)
		throw new Refusal(403, "AccessDenied");
	if (call.raw.length !== promised.size || call.headers["content-type"] !== promised.type)
		throw new Refusal(403, "SignatureDoesNotMatch");
	return [200, {}];
}

// ---- SMS (2.9) ----

function conversations(call) {
	return [200, list(call, wanted(call, grouped(call.all("texts"), (text) => conversationOf(call, text))).map(([conversation_id, texts]) => ({
		conversation_id, from_number: otherEnd(texts[0]), phone: texts[0].phone, phone_number: texts[0].phone,
		preview: first(texts.at(-1).body), ...summary(texts),
	})))];
}

const otherEnd = (text) => (text.direction === "incoming" ? text.from_number : text.to_number);

function conversationOf(call, text) {
	const owner = call.world.identities.find((one) => one.texts.includes(text));
	return `${owner.phone_id}_${otherEnd(text)}`;
}

function conversation(call, { id }) {
	const texts = call.all("texts").filter((text) => conversationOf(call, text) === id).sort(byTime);
	if (!texts.length)
		throw new Refusal(404, "Not found.");
	return [200, {
		conversation_id: id, from_number: otherEnd(texts[0]), phone: texts[0].phone, message_count: texts.length,
		messages: texts.map((text) => shown(call, {
			id: text.id, body: text.body, direction: text.direction, is_read: text.is_read, created_dt: text.created_dt,
		})),
	}];
}

function texts(call) {
	const isRead = call.query.get("is_read");
	return [200, list(call, call.all("texts").filter((text) => isRead === null || String(text.is_read) === isRead)
		.sort(byTime).map((row) => shown(call, row)))];
}

function sendText(call) {
	return [201, call.world.receiveText(call.identity, { from: call.identity.phone, body: call.body.body, direction: "outgoing" })];
}

const base = { auth: "any", scoped: true };
const get = (path, run, query = []) => ({ ...base, method: "GET", path, run, query });
const post = (path, members, run, query = []) => ({ ...base, method: "POST", path, members, run, query });
const MORE = { content: "string!", cc: "array", bcc: "array", attachment_uuids: "array" };
const PAGE = ["limit", "offset"];

module.exports = {
	routes: [
		get("/api/email-inbox/", threads, ["has_unread", "inbox", ...PAGE]),
		get("/api/email-inbox/:id/", thread),
		get("/api/email-messages/", mails, ["is_read", "direction", "from_email", "thread_id", "created_after", ...PAGE]),
		post("/api/email-messages/compose/", { to_email: "string!", subject: "string!", ...MORE }, compose, ["inbox"]),
		get("/api/email-messages/:id/", (call, names) => [200, shown(call, oneMail(call, names))]),
		post("/api/email-messages/:id/reply/", MORE, reply),
		post("/api/email-messages/:id/reply-all/", MORE, reply),
		post("/api/email-messages/:id/forward/", { to_email: "string!", ...MORE }, forward),
		{ method: "POST", path: "/api/email-attachments/presign/", auth: "any", members: { filename: "string!", content_type: "string!", size: "number!" }, run: presign },
		{ method: "PUT", path: "/upload/:uuid/", auth: "none", raw: true, run: upload },
		get("/api/sms-inbox/", conversations, ["has_unread", ...PAGE]),
		get("/api/sms-inbox/:id/", conversation),
		get("/api/messages/", texts, ["is_read", ...PAGE]),
		get("/api/messages/:id/", (call, { id }) => [200, shown(call, call.find("texts", (text) => text.id === number(id)))]),
		{ ...post("/api/messages/send/", { to_number: "string!", body: "string!" }, sendText), only: "C" },
	],
};
