package cupcake.global.policies.builtins.system_protection

halt contains "this file is not read"
