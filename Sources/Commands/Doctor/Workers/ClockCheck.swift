import CeleryCore
import Client

/// Whether the clocks of workers agree with ours: ETAs, expiry and schedules go by them.
struct ClockCheck: FleetCheck {
    let name = "clock"

    /// Seconds that are told, and that break what has to be on time.
    static let limits = (told: 1.0, broken: 30.0)

    func findings(_ patient: Patient, _ client: Client, _ fleet: Fleet) -> [Finding] { fleet.members.compactMap(finding) }

    func finding(_ member: Fleet.Member) -> Finding? {
        guard let offset = member.clockOffset else {
            return member.kind == .foreign ? finding(.unknown, "its clock cannot be read", worker: member.name) : nil
        }
        let size = offset.magnitude
        guard size >= Self.limits.told else { return finding(.ok, "its clock agrees with this one", worker: member.name) }
        let text = "its clock is \((size * 10).rounded() / 10) s \(offset > 0 ? "ahead of" : "behind") this one"
        return finding(size < Self.limits.broken ? .warning : .error, text, hint: "set the clocks by NTP: timedatectl set-ntp true", worker: member.name)
    }
}
