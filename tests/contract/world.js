// SPDX-License-Identifier: MIT
// What the contract server knows: one account, its keys, its identities and all they hold, and the switches.
"use strict";
const crypto = require("node:crypto");

// Each switch, its default, and the section of the facts that it comes from.
const DEFAULTS = {
	generation: "C", // A, B or C (0, timeline)
	a_phase: 2, // of A: 1 scopes by the header X-Ravi-Identity, 2 by a bound token (1.6)
	lists: "array", // or "paged": every list in the envelope of 2.0
	page_size: 50, // default of limit (2.7)
	moving_page: "", // "insert" or "delete": the list changes between two of its pages
	foreign_next: false, // `next` of a page names another host (2.0)
	extra_fields: true, // members that no client knows (2.0)
	text_ids: false, // ids come as "17" (8.2.7)
	object_channels: false, // email and phone as objects (8.2.7)
	null_phone: true, // else "" (2.1)
	interval: 1, // seconds between two polls of the device flow; the real one says 5 (1.4)
	expires_in: 900,
	device_pending: 1, // polls that are answered with authorization_pending
	device_slow_down: 0, // polls before those that are answered with slow_down (RFC 8628)
	device_outcome: "success", // "denied", "expired", "no-error" (400 without `error`), "manual"
	device_result: "login", // "signup", "empty"
	device_hold: 0, // ms that a poll with wait: true is held
	device_page: "https://ravi.id/device", // verification_uri
	wrong_kind: false, // keys are of the other kind: an identity's for a login, the account's for an identity
	create_key: true, // identity create answers with api_key (1.4 step 7)
	paid: true, // false: 402 for a second identity, for phones and SSO (2.1)
	upstream: true, // false: the phone provider is down, 503 (2.1)
	phone_delay: 0, // ms
	access_expired: false, // every access token: 401 until it is refreshed (1.6)
	refresh_rotates: true, // refresh gives a new refresh token (1.6)
	encryption: "on", // "empty", "absent", "swapped" (2.15)
	key_revocation: false, // DELETE of one's own key: nothing documents it (1.5)
	secret_size_max: 0, // bytes of a value; 0: no limit
	secret_trim: false, // blanks at both ends of a value are cut off, as web frameworks do
	clock_skew: 0, // seconds that the server's clock is ahead
	duplicate_rows: false, // every list gives its first row twice
};

// PIN 123456 and a salt of sixteen zeros (4.5, row 1).
const ENCRYPTION = {
	id: 1,
	salt: "AAAAAAAAAAAAAAAAAAAAAA==",
	verifier: "RQneWcJEvUz/WP08qSbz1TP1kMvyMujwHLWXuZqaLjDaSyGxdUBWDmZkqEipq7qfL+Ip8ZUzEkMu5vPfl6xD",
	public_key: "r1feBlhwAtS4e36U3AJLFQKjFYzWsXITkKpH1kffcHo=",
	managed_master_key: "",
};

class World {
	constructor(settings = {}) {
		this.set({ ...DEFAULTS, ...settings }, true);
		this.user = { id: 7, email: "owner@example.org", first_name: "Olive", last_name: "Owner" };
		this.keys = new Map(); // text -> { kind, identity, label, revoked }
		this.tokens = new Map(); // JWT -> { kind: "access" | "refresh", identity, stale }
		this.devices = new Map();
		this.identities = [];
		this.events = [];
		this.watchers = new Set(); // of the event stream
		this.encryption = { ...ENCRYPTION };
		this.last = 0;
	}

	set(values, isNew = false) {
		for (const [name, value] of Object.entries(values)) {
			if (!(name in DEFAULTS))
				throw new Error(`no switch "${name}"; there are ${Object.keys(DEFAULTS).join(", ")}`);
			if (typeof value !== typeof DEFAULTS[name])
				throw new Error(`${name} is a ${typeof DEFAULTS[name]}`);
		}
		this.settings = isNew ? values : { ...this.settings, ...values };
	}

	get isA() { return this.settings.generation === "A"; }
	get isC() { return this.settings.generation === "C"; }

	number() { return ++this.last; }

	// With fractions of a second, as the service may have them (2.0).
	now() { return new Date(Date.now() + this.settings.clock_skew * 1000).toISOString().replace("Z", "000Z"); }

	// ---- credentials (1.3) ----

	makeKey(kind, identity = null, label = "") {
		const key = (kind === "management" ? "ravi_mgmt_" : "ravi_id_") + crypto.randomBytes(20).toString("hex");
		this.keys.set(key, { kind, identity, label, uuid: crypto.randomUUID(), revoked: false });
		return key;
	}

	// Three base64url parts; nobody but us looks into them.
	makeToken(kind, identity = null) {
		const part = (text) => Buffer.from(text).toString("base64url");
		const token = [part('{"alg":"HS256","typ":"JWT"}'),
			part(JSON.stringify({ jti: crypto.randomUUID(), identity_uuid: identity?.uuid })),
			crypto.randomBytes(32).toString("base64url")].join(".");
		this.tokens.set(token, { kind, identity, stale: false });
		return token;
	}

	// ---- identities (2.1) ----

	makeIdentity({ name = "", local = "", domain = "raviapp.com", phone = false } = {}) {
		const shown = name || `Sarah Johnson ${this.number()}`;
		const identity = {
			id: this.number(), uuid: crypto.randomUUID(), name: shown,
			inbox: `${local || shown.toLowerCase().replace(/[^a-z0-9]+/g, ".")}@${domain}`,
			phone: null, created_dt: this.now(), updated_dt: this.now(),
			email_id: this.number(), phone_id: 0,
			secrets: [], passwords: [], mails: [], texts: [], contacts: [],
		};
		this.identities.push(identity);
		if (phone)
			this.givePhone(identity);
		return identity;
	}

	givePhone(identity) {
		identity.phone_id = this.number();
		identity.phone = `+1555${String(1000000 + identity.phone_id)}`;
		identity.updated_dt = this.now();
	}

	find(uuid) { return this.identities.find((one) => one.uuid === uuid); }

	// ---- what arrives from outside ----

	receiveMail(identity, { from = "noreply@example.com", subject = "", text = "", html = "", thread = "", direction = "incoming", created = "", repeat = 1 }) {
		const id = this.number();
		const message_id = `<${crypto.randomBytes(8).toString("hex")}+m@mail.example.com>`;
		const mail = {
			id, url: `/api/email-messages/${id}/`, message_id, thread_id: thread || message_id,
			from_email: from, to_email: identity.inbox, cc: "", subject, text_content: text.repeat(repeat), html_content: html,
			direction, is_read: false, attachments: [], created_dt: created || this.now(),
		};
		identity.mails.push(mail);
		this.tell(this.isC ? "email.message.received" : "email", { identity: identity.uuid, id });
		return mail;
	}

	receiveText(identity, { from = "+15559876543", body = "", direction = "incoming", created = "" }) {
		if (!identity.phone)
			throw new Error("this identity has no phone");
		const id = this.number();
		const text = {
			id, url: `/api/messages/${id}/`, from_number: from, to_number: identity.phone, body,
			message_sid: `SM${crypto.randomBytes(16).toString("hex")}`, phone: identity.phone, direction,
			is_read: false, created_dt: created || this.now(),
		};
		identity.texts.push(text);
		this.tell(this.isC ? "sms.message.received" : "sms", { identity: identity.uuid, id });
		return text;
	}

	tell(type, data) {
		const event = { seq: this.events.length + 1, type, data };
		this.events.push(event);
		for (const watcher of this.watchers)
			watcher(event);
	}
}

module.exports = { World, DEFAULTS };
