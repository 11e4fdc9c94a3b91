// SPDX-License-Identifier: MIT
// The certificates of the contract server, made at each start with openssl: an authority of its own, a good
// leaf, and one for each way in which a certificate can be wrong (facts 3.4: verify peer and host).
"use strict";
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const HERE = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const LEAF = "basicConstraints=critical,CA:FALSE";

// `openssl ca` alone takes an end date in the past.
const CA_CONF = `[ca]
default_ca = it
[it]
new_certs_dir = .
database = index
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
${HERE.replace("=", " = ")}
${LEAF.replace("=", " = ")}
`;

function openssl(folder, ...words) {
	execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

function leaf(folder, name, subject, alternative) {
	openssl(folder, "req", "-x509", "-CA", "ca.pem", "-CAkey", "ca.key", ...KEY, "-days", "30",
		"-subj", `/CN=${subject}`, "-addext", alternative, "-addext", LEAF,
		"-keyout", `${name}.key`, "-out", `${name}.pem`);
}

function expired(folder) {
	fs.writeFileSync(`${folder}/index`, "");
	fs.writeFileSync(`${folder}/ca.cnf`, CA_CONF);
	openssl(folder, "req", "-new", ...KEY, "-subj", "/CN=localhost", "-keyout", "expired.key", "-out", "expired.csr");
	openssl(folder, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
		"-startdate", "200101000000Z", "-enddate", "210101000000Z", "-in", "expired.csr", "-out", "expired.pem");
}

// Makes them in `folder`: { good, "wrong-host", "self-signed", expired }, each { key, cert }.
function make(folder) {
	openssl(folder, "req", "-x509", ...KEY, "-days", "30", "-subj", "/CN=pam-ravi contract server",
		"-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
		"-keyout", "ca.key", "-out", "ca.pem");
	leaf(folder, "good", "localhost", HERE);
	leaf(folder, "wrong-host", "elsewhere.test", "subjectAltName=DNS:elsewhere.test");
	openssl(folder, "req", "-x509", ...KEY, "-days", "30", "-subj", "/CN=localhost", "-addext", HERE,
		"-keyout", "self-signed.key", "-out", "self-signed.pem");
	expired(folder);
	return Object.fromEntries(["good", "wrong-host", "self-signed", "expired"].map((name) => [name, {
		key: fs.readFileSync(`${folder}/${name}.key`),
		cert: fs.readFileSync(`${folder}/${name}.pem`),
	}]));
}

module.exports = { make };
