// NOT COMPILED YET: no Swift compiler has seen this file. `cargo xtask check-mobile` checks its Rust side only.

import BackgroundTasks
import Network
import Tauri
import UIKit

/// Of Rust, see `src/ios.rs`: 0 done, anything else come back.
@_silgen_name("xuncha_background_sync")
private func syncOnce(_ metered: Int32, _ limitS: UInt32) -> Int32

@_silgen_name("xuncha_background_stop")
private func stopSync()

/// Both are listed in the app's Info.plist (`src-tauri/Info.ios.plist`).
private let refresh = "cn.xuncha.sync.refresh"
private let processing = "cn.xuncha.sync.processing"

/// The system gives a refresh about 30 seconds.
private let refreshLimitS: UInt32 = 25
/// It gives a processing task minutes, mostly on the charger, and says when they are over.
private let processingLimitS: UInt32 = 9 * 60
/// The system decides; this is the earliest that is asked for.
private let earliest: TimeInterval = 15 * 60

class BackgroundPlugin: Plugin {
  private let network = NWPathMonitor()

  /// Runs while the app is built, so before it has finished launching: later the system takes no handlers.
  override init() {
    super.init()
    network.start(queue: .global(qos: .utility))
    handle(refresh, for: refreshLimitS)
    handle(processing, for: processingLimitS)
    NotificationCenter.default.addObserver(
      self, selector: #selector(putAway), name: UIApplication.didEnterBackgroundNotification, object: nil)
  }

  private func handle(_ identifier: String, for limitS: UInt32) {
    BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { [weak self] task in
      task.expirationHandler = stopSync
      self?.schedule()
      DispatchQueue.global(qos: .utility).async {
        let done = syncOnce(self?.metered() ?? -1, limitS) == 0
        task.setTaskCompleted(success: done)
      }
    }
  }

  /// The officer put the phone away: what is left goes in the half minute that the system grants, the rest later.
  @objc private func putAway() {
    schedule()
    let application = UIApplication.shared
    var grant = UIBackgroundTaskIdentifier.invalid
    let end = {
      // Both ends may come; the grant ends once.
      guard grant != .invalid else { return }
      application.endBackgroundTask(grant)
      grant = .invalid
    }
    grant = application.beginBackgroundTask(withName: "sync") {
      stopSync()
      end()
    }
    DispatchQueue.global(qos: .utility).async { [weak self] in
      _ = syncOnce(self?.metered() ?? -1, refreshLimitS)
      DispatchQueue.main.async(execute: end)
    }
  }

  /// A request takes the place of one with the same name.
  private func schedule() {
    let soon = BGAppRefreshTaskRequest(identifier: refresh)
    soon.earliestBeginDate = Date(timeIntervalSinceNow: earliest)
    let long = BGProcessingTaskRequest(identifier: processing)
    long.earliestBeginDate = Date(timeIntervalSinceNow: earliest)
    long.requiresNetworkConnectivity = true
    long.requiresExternalPower = false
    for request: BGTaskRequest in [soon, long] {
      do {
        try BGTaskScheduler.shared.submit(request)
      } catch {
        // Switched off by the user, or a simulator: the app still syncs while it is open.
        Logger.error("no sync in the background: \(error)")
      }
    }
  }

  private func metered() -> Int32 {
    let path = network.currentPath
    guard path.status == .satisfied else { return -1 }
    return path.isExpensive || path.isConstrained ? 1 : 0
  }
}

@_cdecl("init_plugin_background")
func initPlugin() -> Plugin {
  return BackgroundPlugin()
}
