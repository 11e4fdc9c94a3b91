# libcore/vault
