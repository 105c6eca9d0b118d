"""The DHCP options that each VPC begins with, which moto does not have: the region's default set.

"Each VPC uses the default DHCP option set for its Region unless you either create and associate a custom DHCP option set
with the VPC or configure the VPC with no DHCP option set." The default names AmazonProvidedDNS
(https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html). `default` as an id associates no set
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html), and DescribeVpcs shows that word.
A VPC that is deleted leaves its set, which other VPCs may have too; moto deletes it.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.dhcp_options import DHCPOptionsSet
from moto.ec2.models.vpcs import VPC, VPCBackend
from moto.ec2.responses import EC2Response

_NONE = "default"


def _default(backend: Any) -> DHCPOptionsSet:
    """The region's default set, made when somebody looks first."""
    found = getattr(backend, "default_dhcp_options", None)
    if found is None:
        found = backend.create_dhcp_options(
            domain_name_servers=["AmazonProvidedDNS"],
            # moto expects the values of every option, and says otherwise in its types.
            domain_name=[f"{backend.region_name}.compute.internal"],  # type: ignore[arg-type]
        )
        backend.default_dhcp_options = found
    return found


def _shown(self: VPC) -> str:
    if self.dhcp_options:
        return str(self.dhcp_options.id)
    return _NONE if getattr(self, "has_no_dhcp_options", False) else str(_default(self.ec2_backend).id)


def associate_dhcp_options(self: EC2Response) -> ActionResult:
    """Give the VPC a set, or none."""
    wanted = self._get_param("DhcpOptionsId")
    vpc = self.ec2_backend.get_vpc(self._get_param("VpcId"))
    vpc.has_no_dhcp_options = wanted == _NONE
    vpc.dhcp_options = None if wanted == _NONE else self.ec2_backend.describe_dhcp_options([wanted])[0]
    return EmptyResult()


def install() -> None:
    """Put this in the place of moto's."""
    delete = VPCBackend.delete_vpc

    def delete_vpc(self: Any, vpc_id: str) -> VPC:
        self.get_vpc(vpc_id).dhcp_options = None
        return delete(self, vpc_id)

    VPC.dhcp_options_id = property(_shown)  # type: ignore[assignment,method-assign]
    VPCBackend.delete_vpc = delete_vpc  # type: ignore[method-assign]
    EC2Response.associate_dhcp_options = associate_dhcp_options  # type: ignore[method-assign]
