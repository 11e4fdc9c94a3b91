# One program a room of libcore; each prints TAP through cmocka.
UNIT_TESTS =

UNIT_TESTS += %D%/test-util
%C%_test_util_SOURCES = %D%/test-util.c
%C%_test_util_LDADD = libcore/util/libutil.la $(CMOCKA_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
