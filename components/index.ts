export { Fault, faultSeconds } from "./shared/failover";
export type { FaultSeconds, Term } from "./shared/failover";
export type { FailoverWiring } from "./shared/wiring";
export { stackFailover } from "./stack-failover";
export type {
    FailoverBudget,
    FailoverPart,
    StackFailover,
    StackFailoverArgs,
    StackFaultSeconds,
} from "./stack-failover";
export type { GaleraBackend, GaleraServerArgs } from "./shared/galera-backend";
export type { BastionArgs, NodeArgs } from "../remote/node";
export { nodesFromConfig } from "./shared/nodes";
export { Impact, manifest, placeholder, reload, restart, run } from "../remote/manifest";
export type {
    Activation,
    Directory,
    Gate,
    ManagedFile,
    Manifest,
    ManifestParts,
    Port,
    Service,
    Step,
} from "../remote/manifest";
export { Unit, rolling } from "../remote/unit";
export type { UnitArgs } from "../remote/unit";
export { CertificateAuthority } from "./certificate-authority";
export type { CertificateAuthorityArgs, ValidityArgs } from "./certificate-authority";
export type { ExistingAuthorityArgs } from "./certificate-authority/authority";
export { Certificate } from "./certificate-authority/certificate";
export type { CertificateArgs, IssueArgs } from "./certificate-authority/certificate";
export { issueCertificate, issueForNodes } from "./certificate-authority/issue";
export type { IssueOptions } from "./certificate-authority/issue";
export { KeyAlgorithm } from "./shared/issuer";
export type { IssuedCertificate, Issuer, IssuerTerms } from "./shared/issuer";
export { KeepalivedVip, VrrpVersion } from "./keepalived-vip";
export type { GarpArgs, HttpProbeArgs, KeepalivedVipArgs, NotifyArgs, TcpProbeArgs, TrackArgs } from "./keepalived-vip";
export { HaproxyBalance, HaproxyFrontend, HaproxyMode } from "./haproxy-frontend";
export type {
    HaproxyBindArgs,
    HaproxyCheckArgs,
    HaproxyFrontendArgs,
    HaproxyHttpCheckArgs,
    HaproxyMetricsArgs,
    HaproxyServerArgs,
    HaproxyServerTlsArgs,
    HaproxyStickyCookieArgs,
    HaproxyTimeoutsArgs,
    HaproxyTlsArgs,
} from "./haproxy-frontend";
export { GaleraCluster, GaleraTiming } from "./galera-cluster";
export type {
    GaleraCacheArgs,
    GaleraClusterArgs,
    GaleraDatabaseArgs,
    GaleraHealth,
    GaleraHealthArgs,
    GaleraUserArgs,
} from "./galera-cluster";
export { Witness } from "./witness";
export type { WitnessArgs } from "./witness";
export type { Vote } from "./shared/vote";
export { DrbdVersion, DrbdVolume, FileSystem } from "./drbd-volume";
export type { DrbdResync, DrbdResyncArgs, DrbdTimingArgs, DrbdVolumeArgs } from "./drbd-volume";
export { Promotion } from "./shared/volume";
export type { Volume } from "./shared/volume";
export { ClusterAction, ClusterRole, PacemakerCluster } from "./pacemaker-cluster";
export type {
    ClusterAttributeLocationArgs,
    ClusterCloneArgs,
    ClusterColocationArgs,
    ClusterLocationArgs,
    ClusterOperationArgs,
    ClusterOrderArgs,
    ClusterResourceArgs,
    FencingArgs,
    IpmiFencingArgs,
    LibvirtFencingArgs,
    PacemakerClusterArgs,
    SbdFencingArgs,
} from "./pacemaker-cluster";
export { Failback, HaPair, HaPairEngine, ServicePlacement, ServicePreset } from "./ha-pair";
export type { HaPairArgs, PairServiceArgs } from "./ha-pair";
