noinst_LTLIBRARIES += %D%/libmachine.la
%C%_libmachine_la_SOURCES = %D%/machine.c %D%/machine.h
