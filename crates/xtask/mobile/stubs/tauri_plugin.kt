package app.tauri.plugin

import android.app.Activity
import androidx.appcompat.app.AppCompatActivity

abstract class Plugin(private val activity: Activity) {
    open fun onStop(activity: AppCompatActivity) {}
}

abstract class Invoke {
    abstract fun <T> parseArgs(cls: Class<T>): T
    abstract fun resolve()
}
