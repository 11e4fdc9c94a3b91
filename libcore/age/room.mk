# libcore/age
