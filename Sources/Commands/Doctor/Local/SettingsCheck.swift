import CeleryCore
import Client
import Configuration

/// Which settings count, and where they come from; settings that are valid and risky.
struct SettingsCheck: LocalCheck {
    let name = "settings"

    func findings(_ patient: Patient) -> [Finding] {
        let resolved = patient.resolved
        let given = resolved.shown(withDefaults: false).members
        let details = given.map { "\($0.key) = \($0.value.text(style: .compact))  (\(resolved.origin(of: $0.key)))" }
        let place = resolved.settings.file ?? "no celery.toml in \(patient.context.folder) or above it"
        let number = given.count
        let first = finding(.ok, "\(place): \(number) setting\(number == 1 ? " differs" : "s differ") from the defaults", details: details)
        return [first] + Drivers.warnings(resolved.settings).map { finding(.warning, $0) }
    }
}
