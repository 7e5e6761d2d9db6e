#!/bin/sh
# A program as anybody has one: `writ exec -- ./invoices.sh`.
echo "3 invoices, together 4711 EUR"
