"""A DNS server on this machine that answers for a VPC of the local AWS as Route 53 Resolver would.

What it reads: the private hosted zones that serve the VPC, the public ones of all accounts, the VPC's endpoints.
What it does not know: Profiles, Resolver rules, DNS Firewall, DNS attributes of the VPC.

    python -m resolver client-a vpc-0123456789abcdef0 in01.aws-us-west-2.byoc.example.com
    python -m resolver client-a vpc-0123456789abcdef0 --port 5300
    dig @127.0.0.1 -p 5300 in01.aws-us-west-2.byoc.example.com
"""
