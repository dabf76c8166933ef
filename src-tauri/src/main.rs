//! The phone app as a desktop program.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    xuncha_phone::run();
}
