"""A client that can connect, for doctor to look at: everything between it and the service is as it should be."""

import contextlib

from local_aws import accounts, trails
from stage.client import Client

PORT = 19530
TRAIL = trails.NAME


class DataPlane:
    """What is behind the service: its load balancer has a subnet in each zone of the client, a listener and a target."""

    def __init__(self, provider):
        self.provider = provider
        ec2, self.elb = provider.ec2, provider.local.client("elbv2", provider.account)
        service = ec2.describe_vpc_endpoint_service_configurations(
            ServiceIds=[provider.service])["ServiceConfigurations"][0]
        self.balancer = service["NetworkLoadBalancerArns"][0]
        vpc = ec2.create_vpc(CidrBlock="10.251.0.0/16")["Vpc"]["VpcId"]
        self.provider_subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.251.{number}.0/24",
                              AvailabilityZone=f"{accounts.REGION}{zone}")["Subnet"]["SubnetId"]
            for number, zone in enumerate("abc")]
        self.serve_in(0, 1)
        self.group = self.elb.create_target_group(
            Name=f"plane-{vpc}", Protocol="TCP", Port=PORT, VpcId=vpc,
            TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        self.elb.register_targets(TargetGroupArn=self.group, Targets=[{"Id": "10.251.0.10", "Port": PORT}])
        self.listen(PORT)

    def serve_in(self, *zones):
        """Put the load balancer into these zones, by number."""
        self.elb.set_subnets(LoadBalancerArn=self.balancer, Subnets=[self.provider_subnets[zone] for zone in zones])

    def listen(self, port):
        """Listen on this port and no other."""
        for one in self.elb.describe_listeners(LoadBalancerArn=self.balancer)["Listeners"]:
            self.elb.delete_listener(ListenerArn=one["ListenerArn"])
        if port:
            self.elb.create_listener(LoadBalancerArn=self.balancer, Protocol="TCP", Port=port, DefaultActions=[
                {"Type": "forward", "TargetGroupArn": self.group}])


class Patient(DataPlane):
    """One healthy client of account a: VPC, zone, endpoint, record; and the data plane behind the service."""

    def __init__(self, local, provider, command):
        super().__init__(provider)
        self.local, self.command = local, command
        self.client = Client(local, accounts.CLIENT_A, provider)
        self.account = self.client.account
        self.ec2, self.route53 = self.client.ec2, self.client.route53
        self.cloudtrail = local.client("cloudtrail", self.account)
        self._equip_vpc()
        trails.make(local.running, self.account)
        self.zone = self.vpc.zone()
        self.endpoint = self.vpc.endpoint()
        local.settled()
        assert self.zone.addresses() == self.endpoint.addresses

    def _equip_vpc(self):
        self.vpc = self.client.vpc(subnets=2)
        self.attribute("EnableDnsSupport", True)
        self.attribute("EnableDnsHostnames", True)
        self.security_group = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc.id]}])["SecurityGroups"][0]["GroupId"]
        self.range = self.ec2.describe_vpcs(VpcIds=[self.vpc.id])["Vpcs"][0]["CidrBlock"]
        self.let_in(self.range)

    def attribute(self, name, value):
        """Set an attribute of the VPC."""
        self.ec2.modify_vpc_attribute(VpcId=self.vpc.id, **{name: {"Value": value}})

    def let_in(self, *ranges, port=PORT):
        """Let these ranges in on this port, and nobody else."""
        group = self.ec2.describe_security_groups(GroupIds=[self.security_group])["SecurityGroups"][0]
        if group["IpPermissions"]:
            self.ec2.revoke_security_group_ingress(GroupId=self.security_group, IpPermissions=group["IpPermissions"])
        if ranges:
            self.ec2.authorize_security_group_ingress(GroupId=self.security_group, IpPermissions=[{
                "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                "IpRanges": [{"CidrIp": one} for one in ranges]}])

    def asks(self, *servers):
        """Let the VPC's machines ask these name servers: a set of DHCP options with a domain of the company's."""
        made = self.ec2.create_dhcp_options(DhcpConfigurations=[
            {"Key": "domain-name-servers", "Values": list(servers)},
            {"Key": "domain-name", "Values": ["corp.example.com"]}])["DhcpOptions"]["DhcpOptionsId"]
        self.ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=self.vpc.id)
        return made

    def network_acl(self):
        """The network ACL of the endpoint's subnets."""
        [found] = self.ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": self.vpc.subnets}])["NetworkAcls"]
        return found

    def denies(self, number, egress):
        """Let the network ACL deny everything in one direction, by a rule of this number."""
        self.ec2.create_network_acl_entry(
            NetworkAclId=self.network_acl()["NetworkAclId"], RuleNumber=number, Protocol="-1", RuleAction="deny",
            Egress=egress, CidrBlock="0.0.0.0/0")

    def allows(self):
        """Let the network ACL be as it was in the beginning."""
        found = self.network_acl()
        for entry in found["Entries"]:
            if entry["RuleNumber"] < 100:
                self.ec2.delete_network_acl_entry(
                    NetworkAclId=found["NetworkAclId"], RuleNumber=entry["RuleNumber"], Egress=entry["Egress"])

    def filters(self, *domains):
        """Let DNS Firewall block these domains. What is yielded takes the group from the VPC again."""
        resolver = self.local.client("route53resolver", self.account)
        entries = resolver.create_firewall_domain_list(Name="blocked")["FirewallDomainList"]["Id"]
        resolver.update_firewall_domains(FirewallDomainListId=entries, Operation="ADD", Domains=list(domains))
        group = resolver.create_firewall_rule_group(Name="company")["FirewallRuleGroup"]["Id"]
        resolver.create_firewall_rule(FirewallRuleGroupId=group, FirewallDomainListId=entries, Name="blocks",
                                      Priority=10, Action="BLOCK", BlockResponse="NXDOMAIN")
        association = resolver.associate_firewall_rule_group(
            FirewallRuleGroupId=group, VpcId=self.vpc.id, Priority=101, Name="company")["FirewallRuleGroupAssociation"]
        return lambda: resolver.disassociate_firewall_rule_group(FirewallRuleGroupAssociationId=association["Id"])

    def profiles(self, *wanted):
        """Say which Route 53 Profiles there are."""
        self.local.profiles(*wanted)

    def denied(self, service, action):
        """Refuse one kind of call in the client account, as an older client stack does."""
        return self._faults({"service": service, "action": action, "account": self.account,
                             "code": "AccessDenied", "message": "not authorized", "status": 403, "times": 50})

    @contextlib.contextmanager
    def _faults(self, *wanted):
        self.local.faults(*wanted)
        try:
            yield
        finally:
            self.local.faults()

    def doctor(self, *arguments, subject=None, role=True):
        """What doctor says, as programs read it, signed in as an operator."""
        said = self.say(subject or self.endpoint.id, "--output", "json", *arguments, role=role)
        assert said.code in (0, 3), said
        return said

    def say(self, *arguments, role=True):
        """Run doctor."""
        role = ("--role-arn", self.provider.outputs["OperatorRoleArn"]) if role else ("--no-role",)
        return self.command("doctor", *arguments, *role)

    def verdicts(self, *arguments, **more):
        """The checks by their names; every check is made once for the one endpoint and name."""
        found = {}
        for check in self.doctor(*arguments, **more).json["endpoints"][0]["checks"]:
            assert check["check"] not in found
            found[check["check"]] = check
        return found

    def not_ok(self, *arguments, **more):
        """The verdict of each check that is not ok."""
        found = self.verdicts(*arguments, **more)
        return {name: check["verdict"] for name, check in found.items() if check["verdict"] != "ok"}
