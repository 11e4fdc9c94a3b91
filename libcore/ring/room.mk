# libcore/ring
