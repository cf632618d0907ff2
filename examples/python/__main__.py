"""Three members, one writer, TLS on every wire, and one address for all clients."""

import pulumi
import pulumi_ha as ha

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD"


def node(name: str, address: str) -> ha.NodeArgs:
    return ha.NodeArgs(name=name, address=address, interface="eth0", host_key=HOST_KEY)


balancers = [node("lb1", "198.51.100.11"), node("lb2", "198.51.100.12")]
members = [node(f"db{i}", f"198.51.100.2{i}") for i in (1, 2, 3)]

ca = ha.CertificateAuthority("ca", organization="Example Shop", algorithm=ha.KeyAlgorithm.ECDSA_P256)

vip = ha.KeepalivedVip(
    "front",
    nodes=balancers,
    address="198.51.100.101/24",
    track={"haproxy": ha.TrackArgs(systemd_unit="haproxy.service")},
)

orders = ha.GaleraCluster(
    "orders",
    nodes=members,
    issuer=ca.issuer,
    client_addresses=[vip.address],
    databases=[ha.GaleraDatabaseArgs(name="orders")],
    users=[ha.GaleraUserArgs(name="shop", database="orders")],
)

sql = ha.HaproxyFrontend(
    "sql",
    nodes=balancers,
    bind=ha.HaproxyBindArgs(address=vip.address, port=3306),
    galera=orders.backend,
)

pulumi.export("endpoint", sql.endpoint)
pulumi.export("password", orders.passwords["shop"])
